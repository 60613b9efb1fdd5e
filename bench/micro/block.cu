// Work that the threads of one block share, measured in every multiprocessor at once.

#include <cmath>

#include "cuda/device/collectives.cuh"
#include "cuda/device/launch.cuh"
#include "micro/groups.h"

namespace rondo::bench {
namespace {

struct BlockWork {
  const float* numbers;
  float* sink;
  unsigned rounds;
};

// A dependent multiplication takes 4 clocks, so its time gives the clock of all measurements here.
constexpr unsigned kChain = 16;

__global__ void __launch_bounds__(kMicroThreads) chain_kernel(const __grid_constant__ BlockWork work) {
  const unsigned thread = device::thread_index().x;
  const float factor = work.numbers[thread];
  float value = factor;
  for (unsigned round = 0; round < work.rounds; ++round) {
    for (unsigned k = 0; k < kChain; ++k) value = fmaf(value, factor, 0.5F);
  }
  work.sink[device::block_index().x * kMicroThreads + thread] = value;
}

__global__ void __launch_bounds__(kMicroThreads) barrier_kernel(const __grid_constant__ BlockWork work) {
  for (unsigned round = 0; round < work.rounds; ++round) device::block_barrier();
}

/// Sums over 8 neighbouring lanes. Each sum's input is the previous sum.
__global__ void __launch_bounds__(kMicroThreads) shuffle_kernel(const __grid_constant__ BlockWork work) {
  const unsigned thread = device::thread_index().x;
  float value = work.numbers[thread];
  for (unsigned round = 0; round < work.rounds; ++round) {
    for (unsigned mask = 1; mask < 8; mask *= 2) value += device::shuffle_xor(value, mask);
    value *= 0.125F;
  }
  work.sink[device::block_index().x * kMicroThreads + thread] = value;
}

// Each warp has partial sums of 64 rows and 8 columns, in the layout in which tensor cores leave 4 tiles of 16 rows.
constexpr unsigned kWarps = kMicroThreads / device::kWarpLanes;
constexpr unsigned kTiles = 4;
constexpr unsigned kTilePairs = 64;  // pairs of neighbouring columns: 2 for each lane
constexpr unsigned kPairs = kTiles * kTilePairs;

struct Pair {
  float numbers[2];
};

/// The warps write their partial sums, pass a barrier, and each thread sums two neighbouring numbers over the warps.
__global__ void __launch_bounds__(kMicroThreads) reduction_kernel(const __grid_constant__ BlockWork work) {
  static_assert(kPairs == kMicroThreads);
  const unsigned thread = device::thread_index().x;
  const unsigned warp = thread / device::kWarpLanes;
  const unsigned lane = thread % device::kWarpLanes;
  auto* parts = reinterpret_cast<Pair*>(device::shared_memory());
  Pair sum = {{work.numbers[2 * thread], work.numbers[2 * thread + 1]}};
  for (unsigned round = 0; round < work.rounds; ++round) {
    Pair* turn = parts + round % 2 * kWarps * kPairs;  // two, used alternately: a late warp may read the other
    for (unsigned k = 0; k < 2 * kTiles; ++k) turn[warp * kPairs + k * device::kWarpLanes + lane] = sum;
    device::block_barrier();
    sum = turn[thread];
    for (unsigned k = 1; k < kWarps; ++k) {
      sum.numbers[0] += turn[k * kPairs + thread].numbers[0];
      sum.numbers[1] += turn[k * kPairs + thread].numbers[1];
    }
    sum.numbers[0] *= 0.125F;
    sum.numbers[1] *= 0.125F;
  }
  work.sink[device::block_index().x * kMicroThreads + thread] = sum.numbers[0] + sum.numbers[1];
}

void measure_kernel(Workbench& bench, void (*kernel)(BlockWork), const MicroCase& what) {
  const auto blocks = static_cast<unsigned>(bench.device().processors);
  const device::LaunchConfig config = bench.layout(blocks);
  device::prepare(kernel, config);
  const Tensor numbers = bench.random_bytes(2 * kMicroThreads * sizeof(float));
  const Tensor sink = bench.sink(config);
  bench.measure(what, [&](unsigned rounds) {
    device::launch(kernel, config,
                   BlockWork{static_cast<const float*>(numbers.data()), static_cast<float*>(sink.data()), rounds});
  });
}

}  // namespace

void warm_up(Workbench& bench) {
  constexpr int kLaunches = 16;
  constexpr unsigned kRounds = 1U << 20;  // 34 ms at 2 GHz
  const device::LaunchConfig config = bench.layout(static_cast<unsigned>(bench.device().processors));
  device::prepare(chain_kernel, config);
  const Tensor numbers = bench.random_bytes(kMicroThreads * sizeof(float));
  const Tensor sink = bench.sink(config);
  for (int k = 0; k < kLaunches; ++k) {
    device::launch(chain_kernel, config,
                   BlockWork{static_cast<const float*>(numbers.data()), static_cast<float*>(sink.data()), kRounds});
  }
  synchronize(bench.stream());
}

void measure_block(Workbench& bench) {
  const auto what = [](const char* variant, double per_round) {
    return MicroCase{
        .group = "block", .variant = variant, .parameters = {{"threads", kMicroThreads}}, .per_round = per_round};
  };
  measure_kernel(bench, chain_kernel, what("multiply_add", kChain));
  measure_kernel(bench, barrier_kernel, what("barrier", 1));
  measure_kernel(bench, shuffle_kernel, what("shuffle_8_lanes", 1));
  measure_kernel(bench, reduction_kernel, what("reduce_8_warps", 1));
}

}  // namespace rondo::bench
