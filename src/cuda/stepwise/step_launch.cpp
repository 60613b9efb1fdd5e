#include "cuda/stepwise/step_launch.h"

namespace rondo {
namespace {

// Hopper is the first with kernels that begin before the kernel in front of them has ended.
constexpr int kOverlappingLaunches = 90;

// How many threads with one unit each hide the latencies of a step on a multiprocessor. Measured on an H200: where
// packs of 4 units leave multiprocessors idle, a step takes 2 microseconds longer.
constexpr std::int64_t kUnitsPerProcessor = 1024;

}  // namespace

StepLaunch step_launch(const RunnerRequest& request) {
  const bool overlaps = request.properties.compute_capability >= kOverlappingLaunches;
  return {.stream = request.stream,
          .order = overlaps ? device::LaunchOrder::overlapping : device::LaunchOrder::serial,
          .packed_units = request.properties.processors * kUnitsPerProcessor};
}

}  // namespace rondo
