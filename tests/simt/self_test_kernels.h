/// Kernels that try the executor itself. Where a barrier can be left out, the kernel is wrong without it.
#pragma once

#include <cstddef>

#include "cuda/device/collectives.cuh"
#include "cuda/device/thread.cuh"

namespace rondo::test {

inline constexpr unsigned kThreads = 70;  // three warps, the last of six lanes
inline constexpr unsigned kBlocks = 3;

/// One block: the values turned around in shared memory.
template <bool kBlockBarrier>
__global__ void reverse_kernel(float* values) {
  float* shared = device::shared_memory<float>();
  const unsigned i = device::thread_index().x;
  shared[i] = values[i];
  if constexpr (kBlockBarrier) device::block_barrier();
  values[i] = shared[device::block_size().x - 1 - i];
}

/// Many blocks, `rounds` times: every thread's value becomes the sum of its own and that of the thread after it in the
/// whole grid. `values` holds two sets of them, which take turns.
template <bool kGridBarrier>
__global__ void neighbour_sum_kernel(float* values, int rounds) {
  const unsigned count = device::grid_size().x * device::block_size().x;
  const unsigned i = device::block_index().x * device::block_size().x + device::thread_index().x;
  for (int round = 0; round < rounds; ++round) {
    const float* from = values + (round % 2 == 0 ? 0 : count);
    float* to = values + (round % 2 == 0 ? count : 0);
    to[i] = from[i] + from[(i + 1) % count];
    if constexpr (kGridBarrier) device::grid_barrier();
  }
}

/// One block: reads one element beyond its shared memory.
__global__ inline void beyond_shared_memory_kernel(float* values) {
  values[0] = device::shared_memory<float>()[device::block_size().x];
}

/// One block: writes one element beyond `values`, which has `count`.
__global__ inline void beyond_global_memory_kernel(float* values, unsigned count) {
  if (device::thread_index().x == 0) values[count] = 1.0F;
}

}  // namespace rondo::test
