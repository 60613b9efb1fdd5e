// The tables that the program prints while it measures.

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "program/results.h"

namespace rondo::bench {
namespace {

void print_failures(const std::string& id, const std::vector<Failure>& failures) {
  for (const Failure& failure : failures) {
    std::printf("%-46s %-24s %-8s FAILED: %s\n", id.c_str(), failure.executor.c_str(), failure.graph.c_str(),
                failure.message.c_str());
  }
  std::fflush(stdout);
}

/// The least time of a step over cuDNN's algorithms, eager and replayed; 0 where it has none.
double best_of_cudnn(const TrainingResult& result) {
  double best = std::numeric_limits<double>::infinity();
  for (const TrainingMeasurement& measurement : result.measurements) {
    if (measurement.executor.starts_with("cudnn")) best = std::min(best, measurement.step.median);
  }
  return best < std::numeric_limits<double>::infinity() ? best : 0;
}

std::string two_digits(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

}  // namespace

void print_table_head() {
  std::printf("%-46s %-24s %-8s %12s %10s %8s %8s\n", "point", "executor", "graph", "us/run", "us/step", "p10..p90",
              "TFLOP/s");
}

void print_table_rows(const Point& point, const ContestResult& result) {
  const std::string id = point.id();
  if (result.measurements.empty() && result.failures.empty()) std::printf("%-46s no executor runs it\n", id.c_str());
  for (const Measurement& measurement : result.measurements) {
    const Spread& spread = measurement.microseconds;
    std::printf("%-46s %-24s %-8s %12.2f %10.3f %7.1f%% %8.2f\n", id.c_str(), measurement.executor.c_str(),
                measurement.graph.c_str(), spread.median, spread.median / static_cast<double>(point.T),
                100.0 * (spread.p90 - spread.p10) / spread.median, point.flops() / spread.median * 1e-6);
  }
  print_failures(id, result.failures);
}

void print_training_head() {
  std::printf("%-46s %-30s %-8s %12s %12s %12s %8s %10s\n", "point", "executor", "graph", "us/run", "us/backward",
              "us/step", "p10..p90", "over cuDNN");
}

void print_training_rows(const Point& point, const TrainingResult& result) {
  const std::string id = point.id();
  if (result.measurements.empty() && result.failures.empty()) std::printf("%-46s no executor trains it\n", id.c_str());
  const double cudnn = best_of_cudnn(result);
  for (const TrainingMeasurement& measurement : result.measurements) {
    const Spread& step = measurement.step;
    const std::string ratio = cudnn > 0 ? two_digits(cudnn / step.median) : "-";
    std::printf("%-46s %-30s %-8s %12.2f %12.2f %12.2f %7.1f%% %10s\n", id.c_str(), executors_of(measurement).c_str(),
                measurement.graph.c_str(), measurement.forward.median, measurement.gradients.median, step.median,
                100.0 * (step.p90 - step.p10) / step.median, ratio.c_str());
  }
  print_failures(id, result.failures);
}

}  // namespace rondo::bench
