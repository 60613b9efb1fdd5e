// Measures the barrier of the grid that cooperative groups offer.

#include <cooperative_groups.h>

#include <algorithm>
#include <set>

#include "cuda/device/launch.cuh"
#include "micro/groups.h"

namespace rondo::bench {
namespace {

__global__ void __launch_bounds__(kMicroThreads) grid_sync_kernel(unsigned rounds) {
  const cooperative_groups::grid_group grid = cooperative_groups::this_grid();
  for (unsigned round = 0; round < rounds; ++round) grid.sync();
}

}  // namespace

void measure_grid_sync(Workbench& bench) {
  const auto processors = static_cast<unsigned>(bench.device().processors);
  for (const unsigned blocks : std::set<unsigned>{32, 64, 128, processors}) {
    if (bench.few_sizes() && blocks != processors) continue;
    const MicroCase what{.group = "grid_sync", .variant = "cooperative_groups", .parameters = {{"blocks", blocks}}};
    if (blocks > processors) {
      bench.skip(what, "the device has fewer multiprocessors");
      continue;
    }
    device::LaunchConfig config = bench.layout(blocks);
    config.cooperative = true;
    device::prepare(grid_sync_kernel, config);
    bench.measure(what, [&](unsigned rounds) { device::launch(grid_sync_kernel, config, rounds); });
  }
}

}  // namespace rondo::bench
