// Broadcasts bytes from L2 to the shared memory of every block.

#include "cuda/device/collectives.cuh"
#include "cuda/device/launch.cuh"
#include "micro/groups.h"
#include "micro/sizes.h"
#include "micro/waiting.cuh"

namespace rondo::bench {
namespace {

constexpr unsigned kWordBytes = sizeof(device::Words4);
constexpr unsigned kPieces = 8;  // of the source, read in sequence
constexpr std::size_t kBarrierBytes = 128;

struct Broadcast {
  const device::Words4* source;  ///< (kPieces, words)
  std::uint32_t* sink;
  std::uint32_t* gave_up;
  unsigned words;  ///< how many words of 16 bytes every block receives in a round
  unsigned rounds;
};

/// Every block multicasts a part to its cluster. A block without a cluster fetches everything by one copy.
template <unsigned kBlocks>
__global__ void __launch_bounds__(kMicroThreads) bulk_kernel(const __grid_constant__ Broadcast broadcast) {
  if constexpr (device::kHasClusters) {
    const unsigned thread = device::thread_index().x;
    const unsigned words = broadcast.words;
    const unsigned part = words / kBlocks;
    const unsigned begin = device::block_index().x % kBlocks * part;
    auto* barriers = reinterpret_cast<device::PushBarrier*>(device::shared_memory());
    // Rounds alternate between two buffers.
    auto* received = reinterpret_cast<device::Words4*>(device::shared_memory() + kBarrierBytes);
    if (thread == 0) {
      device::init_barrier(&barriers[0]);
      device::init_barrier(&barriers[1]);
    }
    device::cluster_barrier();
    Patience patience(broadcast.gave_up);
    std::uint32_t read = 0;
    for (unsigned round = 0; round < broadcast.rounds; ++round) {
      device::PushBarrier* barrier = &barriers[round % 2];
      device::Words4* target = received + round % 2 * words;
      const device::Words4* piece = broadcast.source + round % kPieces * words;
      if (thread == 0) {
        device::expect_bytes(barrier, words * kWordBytes);
        if constexpr (kBlocks == 1) {
          copy_bulk(target, piece, words * kWordBytes, barrier);
        } else {
          copy_bulk_to((1U << kBlocks) - 1, target + begin, piece + begin, part * kWordBytes, barrier);
        }
      }
      patience.wait_for_phase(barrier, round / 2 % 2);
      read ^= target[thread].words[0];
      device::block_barrier();
    }
    broadcast.sink[device::block_index().x * kMicroThreads + thread] = read;
    device::cluster_barrier();  // no block exits while another may write into its memory
  }
}

/// Every thread of every block reads kMine words by loads.
template <unsigned kMine>
__global__ void __launch_bounds__(kMicroThreads) load_kernel(const __grid_constant__ Broadcast broadcast) {
  constexpr unsigned kWords = kMine * kMicroThreads;
  const unsigned thread = device::thread_index().x;
  auto* received = reinterpret_cast<device::Words4*>(device::shared_memory());  // two buffers, used alternately
  std::uint32_t read = 0;
  for (unsigned round = 0; round < broadcast.rounds; ++round) {
    device::Words4* target = received + round % 2 * kWords;
    const device::Words4* piece = broadcast.source + round % kPieces * kWords + thread;
    device::Words4 mine[kMine];
    for (unsigned k = 0; k < kMine; ++k) mine[k] = load_words(piece + k * kMicroThreads);
    for (unsigned k = 0; k < kMine; ++k) target[thread + k * kMicroThreads] = mine[k];
    device::block_barrier();
    read ^= target[kMicroThreads - 1 - thread].words[0];
  }
  broadcast.sink[device::block_index().x * kMicroThreads + thread] = read;
}

struct BroadcastLaunch {
  void (*kernel)(Broadcast);
  const char* variant;
  unsigned cluster_blocks;
  unsigned clusters;
  unsigned bytes;
};

device::LaunchConfig config_of(Workbench& bench, const BroadcastLaunch& launch) {
  device::LaunchConfig config =
      bench.layout(launch.clusters * launch.cluster_blocks, kBarrierBytes + std::size_t{2} * launch.bytes);
  config.cluster_blocks = launch.cluster_blocks;
  return config;
}

void measure_launch(Workbench& bench, const BroadcastLaunch& launch) {
  const device::LaunchConfig config = config_of(bench, launch);
  device::prepare(launch.kernel, config);
  const Tensor source = bench.random_bytes(std::size_t{kPieces} * launch.bytes);
  const Tensor sink = bench.sink(config);
  const double bytes = launch.bytes;
  const MicroCase what{
      .group = "broadcast",
      .variant = launch.variant,
      .parameters = {{"blocks", launch.cluster_blocks}, {"clusters", launch.clusters}, {"bytes", launch.bytes}},
      .rates = {{"GB/s/SM", bytes}, {"GB/s", bytes * config.grid.x}}};
  bench.measure(what, [&](unsigned rounds) {
    device::launch(launch.kernel, config,
                   Broadcast{.source = static_cast<const device::Words4*>(source.data()),
                             .sink = static_cast<std::uint32_t*>(sink.data()),
                             .gave_up = bench.gave_up(),
                             .words = launch.bytes / kWordBytes,
                             .rounds = rounds});
  });
}

/// Measures one cluster, and as many clusters as the device holds.
template <unsigned kBlocks, unsigned kBytes>
void measure_bulk(Workbench& bench) {
  BroadcastLaunch launch{bulk_kernel<kBlocks>, kBlocks == 1 ? "bulk_copy" : "multicast", kBlocks, 1, kBytes};
  const MicroCase skipped{
      .group = "broadcast", .variant = launch.variant, .parameters = {{"blocks", kBlocks}, {"bytes", kBytes}}};
  if (kBlocks > 1 && bench.device().clusters.of(kBlocks) == 0) {
    return bench.skip(skipped, "the device has no such clusters");
  }
  measure_launch(bench, launch);
  launch.clusters = static_cast<unsigned>(bench.device().processors);
  if (kBlocks > 1) {
    launch.clusters = static_cast<unsigned>(device::resident_clusters(launch.kernel, config_of(bench, launch)));
  }
  if (launch.clusters > 1) measure_launch(bench, launch);
}

template <unsigned kBytes>
void measure_loads(Workbench& bench) {
  const auto kernel = load_kernel<kBytes / kWordBytes / kMicroThreads>;
  for (const unsigned blocks : {1U, static_cast<unsigned>(bench.device().processors)}) {
    measure_launch(bench, {kernel, "loads", 1, blocks, kBytes});
  }
}

}  // namespace

void measure_broadcast(Workbench& bench) {
  for_sizes<4096, 16384, 32768>([&]<unsigned kBytes>() {
    if (bench.few_sizes() && kBytes != 16384) return;
    measure_loads<kBytes>(bench);
    measure_bulk<1, kBytes>(bench);
    measure_bulk<2, kBytes>(bench);
    measure_bulk<4, kBytes>(bench);
    measure_bulk<8, kBytes>(bench);
  });
}

}  // namespace rondo::bench
