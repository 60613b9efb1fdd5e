// rondo_bench measures how fast each executor runs each point of a set. See bench/README.md.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <regex>

#include "program/contest.h"
#include "program/front_door.h"
#include "program/json_file.h"
#include "program/point.h"
#include "program/results.h"
#include "program/training.h"
#include "program/training_problem.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

struct Options {
  std::string set = "quick";
  std::string filter;
  std::string device;
  std::filesystem::path points = RONDO_BENCH_POINTS;
  std::filesystem::path json;
  std::string commit = "unknown";
  double minutes = 0;
  std::string explain;
  bool list = false;
  bool train = false;
  bool ceilings = false;
  ContestOptions contest;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("--set", options.set,
                 "quick, smoke, all, or some of inference, training, flashrnn, applications, "
                 "cliff, variants, steps, train_steps, lstm_variants, joined by commas; or front_door, for layers "
                 "beside sessions on the CPU")
      ->capture_default_str();
  app.add_option("--filter", options.filter, "only points in whose name this regular expression is found");
  app.add_option("--device", options.device, "cuda:N or cpu; without it the first CUDA device, or the CPU");
  app.add_option("--explain", options.explain,
                 "print what would run each point on this GPU, such as h200, which need not be here, and with --json "
                 "write it to that file; measure nothing");
  app.add_flag("--list", options.list, "print the points and measure nothing");
  app.add_flag(
      "--train", options.train,
      "measure training steps in place of runs: a run that keeps what its gradients need, and the gradients of "
      "x and of all weights");
  app.add_flag("--ceilings", options.ceilings, "measure also how fast the device copies and multiplies");
  app.add_option("--json", options.json, "write the results to this file");
  app.add_option("--commit", options.commit, "the measured commit, for the file");
  app.add_option("--points", options.points, "folder with the sets")->capture_default_str();
  app.add_option("--minutes", options.minutes, "begin no further point after this time; 0: no limit");
  app.add_option("--rounds", options.contest.rounds, "times that each executor is measured")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--round-ms", options.contest.round_ms, "length of one executor's turn")->capture_default_str();
  app.add_option("--seconds-per-point", options.contest.seconds_per_point, "no further rounds after this time")
      ->capture_default_str();
  app.add_option("--executors", options.contest.executors,
                 "only executors in whose name this regular expression is found");
  app.add_option("--alternatives", options.contest.alternatives,
                 "measure also this many ways of each kind of persistent kernel, those expected to be fastest")
      ->capture_default_str();
  app.add_option("--seed", options.contest.seed, "seed of the random data")->capture_default_str();
}

Device device_from(const std::string& name) {
  if (name.empty()) return default_device();
  if (name == "cpu") return cpu();
  if (std::smatch match; std::regex_match(name, match, std::regex("cuda:([0-9]{1,3})"))) {
    return cuda(std::stoi(match[1]));
  }
  throw ValueError("--device", "'" + name + "'", "cpu or cuda:N");
}

std::vector<Point> chosen_points(const Options& options) {
  std::vector<Point> points = load_points(options.points, options.set);
  if (!options.filter.empty()) {
    const std::regex filter(options.filter);
    std::erase_if(points, [&](const Point& point) { return !std::regex_search(point.id(), filter); });
  }
  if (points.empty())
    throw ValueError("--filter", "'" + options.filter + "'", "part of a point's name in " + options.set);
  return points;
}

void explain(const std::vector<Point>& points, const DeviceProperties& gpu, const Options& options) {
  nlohmann::ordered_json json{{"format", "rondo_plans 1"}, {"device", device_json(gpu)}};
  for (const Point& point : points) {
    const Plan plan = Plan::create(options.train ? training_spec(point, gpu.device) : point.spec(gpu.device), gpu);
    const std::string text = plan.explain();
    std::printf("%s%s\n\n", point.id().c_str(), text.substr(text.find('\n')).c_str());
    json["plans"].push_back(plan_json(point, plan));
  }
  if (!options.json.empty()) write_json(options.json, json);
}

// A device that is too small for the ceilings is measured without them.
void measure_ceilings(const DeviceProperties& device, Results& results) {
  try {
    const Ceilings ceilings = bench::measure_ceilings(device);
    results.add(ceilings);
    std::printf("copies %.0f GB/s", ceilings.copy_gigabytes_per_second);
    if (ceilings.matmul_teraflops) std::printf(", multiplies bf16 at %.0f TFLOP/s", *ceilings.matmul_teraflops);
    std::printf("\n");
  } catch (const Error& error) {
    std::fprintf(stderr, "rondo_bench: no ceilings: %s\n", error.what());
  }
}

void measure_runs(const Point& point, const DeviceProperties& device, const ContestOptions& options, Results& results) {
  const ContestResult result = run_contest(point, device, options);
  results.add(point, result);
  print_table_rows(point, result);
}

void measure_training(const Point& point, const DeviceProperties& device, const ContestOptions& options,
                      Results& results) {
  const TrainingResult result = run_training(point, device, options);
  results.add(point, result);
  print_training_rows(point, result);
}

/// Measures and reports one point. Throws where the device can run nothing any more.
void measure(const Point& point, const DeviceProperties& device, const Options& options, Results& results) {
  try {
    (options.train ? measure_training : measure_runs)(point, device, options.contest, results);
  } catch (const Error& error) {
    results.add_failure(point, error.what());
    std::printf("%-46s FAILED: %s\n", point.id().c_str(), error.what());
    results.save();
    synchronize(Stream{device.device});
  }
  results.save();
}

/// Measures the points while there is time. Returns the program's exit code.
int measure_all(const std::vector<Point>& points, const Options& options, std::vector<std::string> command) {
  const DeviceProperties device = properties_of(device_from(options.device));
  const char* format = options.train ? kTrainingFormat : kRunsFormat;
  Results results({format, options.commit, std::move(command), device, options.contest}, options.json);
  std::printf("%zu points on %s %s\n", points.size(), to_string(device.device).c_str(), device.name.c_str());
  if (options.ceilings) measure_ceilings(device, results);
  (options.train ? print_training_head : print_table_head)();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t unmeasured = 0;
  for (const Point& point : points) {
    const std::chrono::duration<double, std::ratio<60>> passed = std::chrono::steady_clock::now() - begin;
    if (options.minutes > 0 && passed.count() > options.minutes) {
      results.add_unmeasured(point);
      ++unmeasured;
    } else {
      measure(point, device, options, results);
    }
  }
  results.save();
  if (unmeasured > 0) std::printf("%zu points not measured: the time was over\n", unmeasured);
  if (results.failures() > 0) std::printf("%d failures\n", results.failures());
  return results.failures() == 0 ? 0 : 1;
}

int run(const Options& options, std::vector<std::string> command) {
  if (options.set == "front_door") {
    run_front_door(
        {.filter = options.filter, .json = options.json, .commit = options.commit, .command = std::move(command)});
    return 0;
  }
  if (options.train && options.contest.alternatives > 0) {
    throw ValueError("--alternatives", std::to_string(options.contest.alternatives), "none with --train");
  }
  const std::vector<Point> points = chosen_points(options);
  if (options.list) {
    for (const Point& point : points) std::printf("%s\n", point.id().c_str());
    return 0;
  }
  if (!options.explain.empty()) {
    explain(points, known_gpu(options.explain), options);
    return 0;
  }
  return measure_all(points, options, std::move(command));
}

/// The program's arguments, without folders: the paths of this machine mean nothing elsewhere.
std::vector<std::string> command_line(int argc, char** argv) {
  std::vector<std::string> words;
  for (int k = 0; k < argc; ++k) {
    const std::string word = argv[k];
    words.push_back(word.starts_with('/') ? std::filesystem::path(word).filename().string() : word);
  }
  return words;
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  rondo::bench::Options options;
  CLI::App app{"Measures how fast each executor of Rondo runs recurrences"};
  rondo::bench::describe(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return rondo::bench::run(options, rondo::bench::command_line(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rondo_bench: %s\n", error.what());
    return 1;
  }
}
