#include "micro/cluster_exchange.cuh"

#include <set>

#include "cuda/device/launch.cuh"
#include "micro/groups.h"
#include "micro/sizes.h"

namespace rondo::bench {
namespace {

template <unsigned kBlocks, Acquire kAcquire>
void measure_exchange(Workbench& bench, const char* variant, unsigned clusters, unsigned bytes) {
  const unsigned blocks = clusters * kBlocks;
  const auto kernel = cluster_exchange_kernel<kBlocks, kAcquire>;
  device::LaunchConfig config = bench.layout(blocks, 2 * sizeof(device::PushBarrier) + 2 * kBlocks * bytes);
  config.cluster_blocks = kBlocks;
  device::prepare(kernel, config);
  const Tensor first = bench.random_bytes(std::size_t{blocks} * bytes);
  const Tensor last = bench.zero_bytes(std::size_t{blocks} * bytes);
  const MicroCase what{.group = "cluster_exchange",
                       .variant = variant,
                       .parameters = {{"blocks", kBlocks}, {"clusters", clusters}, {"bytes", bytes}},
                       .rates = {{"GB/s/SM", static_cast<double>(kBlocks * bytes)}}};
  bench.measure(what, [&](unsigned rounds) {
    device::launch(kernel, config,
                   ClusterExchange{.first = static_cast<const device::Words4*>(first.data()),
                                   .last = static_cast<device::Words4*>(last.data()),
                                   .gave_up = bench.gave_up(),
                                   .words = bytes / kWordBytes,
                                   .rounds = rounds});
  });
}

template <unsigned kBlocks>
void measure_barrier(Workbench& bench, const char* variant, unsigned clusters) {
  const auto kernel = cluster_barrier_kernel<kBlocks>;
  device::LaunchConfig config = bench.layout(clusters * kBlocks);
  config.cluster_blocks = kBlocks;
  device::prepare(kernel, config);
  const MicroCase what{
      .group = "cluster_barrier", .variant = variant, .parameters = {{"blocks", kBlocks}, {"clusters", clusters}}};
  bench.measure(what, [&](unsigned rounds) { device::launch(kernel, config, rounds); });
}

template <unsigned kBlocks>
void measure_cluster(Workbench& bench) {
  const MicroCase skipped{.group = "cluster_exchange", .variant = "all", .parameters = {{"blocks", kBlocks}}};
  if (bench.device().clusters.of(kBlocks) == 0) {
    return bench.skip(skipped, "the device has no such clusters");
  }
  device::LaunchConfig config = bench.layout(kBlocks);
  config.cluster_blocks = kBlocks;
  const auto kernel = cluster_exchange_kernel<kBlocks, Acquire::cluster>;
  device::prepare(kernel, config);
  const auto most = static_cast<unsigned>(device::resident_clusters(kernel, config));
  if (most < 1) return bench.skip(skipped, "no such cluster fits the device");
  for (const unsigned clusters : std::set<unsigned>{1, most}) {
    const char* variant = clusters == 1 ? "one" : "all";
    measure_barrier<kBlocks>(bench, variant, clusters);
    for (const unsigned bytes : {16U, 256U, 512U, kMostPushedBytes}) {
      if (bench.few_sizes() && bytes != 16 && bytes != 512) continue;
      measure_exchange<kBlocks, Acquire::cluster>(bench, variant, clusters, bytes);
    }
  }
  measure_exchange<kBlocks, Acquire::block>(bench, "all_block_acquire", most, 512);
}

}  // namespace

void measure_cluster_exchange(Workbench& bench) {
  for_sizes<2, 4, 8, 16>([&]<unsigned kBlocks>() { measure_cluster<kBlocks>(bench); });
}

}  // namespace rondo::bench
