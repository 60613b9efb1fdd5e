// `rondo bench`: how long a model takes.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "output.h"

namespace rondo::program {
namespace {

struct BenchOptions {
  ModelChoice model;
  Sizes sizes;
  double seconds = 1.0;
  bool json = false;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The value below which `share` of the sorted times lies.
double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

/// The seconds of each run, sorted. The first runs, which plan and pack weights, do not count.
std::vector<double> measured(Runnable& model, const BenchOptions& options) {
  constexpr int kWarm = 3;
  constexpr std::size_t kMost = 100'000;
  const TensorMap inputs = model.example(options.sizes.T, options.sizes.B);
  Progress progress("rondo: measures " + options.model.file);
  for (int k = 0; k < kWarm; ++k) static_cast<void>(model.run(inputs));
  std::vector<double> times;
  for (double begin = now(); times.size() < kMost && (times.size() < 5 || now() - begin < options.seconds);) {
    const double start = now();
    const NamedTensors results = model.run(inputs);
    // On a CUDA device a run is done when its results can be copied.
    if (options.model.device != "cpu") static_cast<void>(results.front().tensor.to(cpu()));
    times.push_back(now() - start);
    progress.tell(std::to_string(times.size()) + " runs");
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::string rounded(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

void bench(const BenchOptions& options) {
  const std::unique_ptr<Runnable> model = open_runnable(options.model);
  const std::vector<double> times = measured(*model, options);
  constexpr double kMicro = 1e6;
  const double median = quantile(times, 0.5);
  const double steps = static_cast<double>(options.sizes.T * options.sizes.B) / median;
  std::string plan = model->explain(options.sizes.T, options.sizes.B);
  while (plan.ends_with('\n')) plan.pop_back();
  if (options.json) {
    return print_json({{"file", options.model.file},
                       {"T", options.sizes.T},
                       {"B", options.sizes.B},
                       {"runs", times.size()},
                       {"median_us", median * kMicro},
                       {"p10_us", quantile(times, 0.1) * kMicro},
                       {"p90_us", quantile(times, 0.9) * kMicro},
                       {"steps_per_second", steps},
                       {"plan", plan}});
  }
  print_line(options.model.file + " T=" + std::to_string(options.sizes.T) + " B=" + std::to_string(options.sizes.B) +
             ": median " + rounded(median * kMicro) + " us, 10 % below " + rounded(quantile(times, 0.1) * kMicro) +
             ", 10 % above " + rounded(quantile(times, 0.9) * kMicro) + " us, " + std::to_string(times.size()) +
             " runs, " + rounded(steps) + " steps a second");
  print_line(plan);
}

}  // namespace

void add_bench(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = program.add_subcommand("bench", "measure how long a model takes on random inputs");
  add_model(*command, options->model);
  add_sizes(*command, options->sizes);
  command->add_option("--seconds", options->seconds, "how long to measure")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example:\n  rondo bench forecast.keras -T 1 -B 1 --json");
  command->callback([options] { bench(*options); });
}

}  // namespace rondo::program
