/// Kernels that test the executor itself. A kernel whose barrier can be left out is wrong without the barrier.
#pragma once

#include <cstddef>

#include "cuda/device/cluster.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/thread.cuh"

namespace rondo::test {

inline constexpr unsigned kThreads = 70;  // three warps, the last of six lanes
inline constexpr unsigned kBlocks = 3;

/// One block reverses the values in shared memory.
template <bool kBlockBarrier>
__global__ void reverse_kernel(float* values) {
  float* shared = reinterpret_cast<float*>(device::shared_memory());
  const unsigned i = device::thread_index().x;
  shared[i] = values[i];
  if constexpr (kBlockBarrier) device::block_barrier();
  values[i] = shared[device::block_size().x - 1 - i];
}

/// Many blocks, `rounds` times: every thread's value becomes the sum of its own value and that of the next thread of
/// the grid. `values` holds two sets, used alternately.
template <bool kGridBarrier>
__global__ void neighbour_sum_kernel(float* values, int rounds) {
  const unsigned count = simt::place().grid_size.x * device::block_size().x;
  const unsigned i = device::block_index().x * device::block_size().x + device::thread_index().x;
  for (int round = 0; round < rounds; ++round) {
    const float* from = values + (round % 2 == 0 ? 0 : count);
    float* to = values + (round % 2 == 0 ? count : 0);
    to[i] = from[i] + from[(i + 1) % count];
    if constexpr (kGridBarrier) simt::grid_barrier();
  }
}

/// One warp reverses the values like reverse_kernel, with only a shuffle between writing and reading.
__global__ inline void shuffle_for_barrier_kernel(float* values) {
  auto* shared = reinterpret_cast<float*>(device::shared_memory());
  const unsigned i = device::thread_index().x;
  shared[i] = values[i];
  device::shuffle_xor(0.0F, 1);
  values[i] = shared[device::block_size().x - 1 - i];
}

/// One block reads one element beyond its shared memory.
__global__ inline void beyond_shared_memory_kernel(float* values) {
  values[0] = reinterpret_cast<float*>(device::shared_memory())[device::block_size().x];
}

/// The first of two blocks pushes 16 bytes to the end of the second block's shared memory.
__global__ inline void beyond_peer_memory_kernel() {
  auto* barrier = reinterpret_cast<device::PushBarrier*>(device::shared_memory());
  device::init_barrier(barrier);
  device::cluster_barrier();
  auto* end = reinterpret_cast<device::Words4*>(device::shared_memory() + 32);
  if (device::block_index().x == 0) device::push(end, {}, barrier, 1);
  device::cluster_barrier();
}

/// One block writes one element beyond the `count` elements of `values`.
__global__ inline void beyond_global_memory_kernel(float* values, unsigned count) {
  if (device::thread_index().x == 0) values[count] = 1.0F;
}

}  // namespace rondo::test
