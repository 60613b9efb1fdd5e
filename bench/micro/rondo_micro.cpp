// rondo_micro measures the constants of a GPU that decide the time of a persistent kernel's step. See bench/README.md.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>

#include "micro/groups.h"
#include "micro/record.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

struct Options {
  std::filesystem::path out;
  std::string commit = "unknown";
  int device = 0;
  bool quick = false;
};

int run(const Options& options) {
  const DeviceProperties device = properties_of(cuda(options.device));
  RoundOptions rounds;
  WorkbenchLimits limits;
  if (options.quick) {
    rounds = {.repeats = 5, .milliseconds = 0.5};
    limits = {.few_sizes = true, .seconds = 15};
  }
  MicroRecord record({options.commit, device, clock_gigahertz(device.device), rounds}, options.out);
  Workbench bench(device, rounds, record, limits);
  warm_up(bench);
  const auto begin = std::chrono::steady_clock::now();
  for (const auto measure : {measure_block, measure_products, measure_cluster_exchange, measure_grid_exchange,
                             measure_grid_sync, measure_broadcast}) {
    measure(bench);
  }
  record.save();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  std::printf("%.1f s, %d failures\n", passed.count(), record.failures());
  return record.failures() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  rondo::bench::Options options;
  CLI::App app{"Measures what exchanges, barriers and small products cost on a GPU"};
  app.add_option("--out", options.out, "write the results to this file");
  app.add_option("--commit", options.commit, "the measured commit, for the file");
  app.add_option("--device", options.device, "ordinal of the CUDA device")->capture_default_str();
  app.add_flag("--quick", options.quick, "shorter runs of fewer sizes, for about 15 seconds at most");
  CLI11_PARSE(app, argc, argv);
  try {
    return rondo::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rondo_micro: %s\n", error.what());
    return 1;
  }
}
