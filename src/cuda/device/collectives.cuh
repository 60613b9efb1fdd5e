/// What the threads of a warp and of a block do together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/device/thread.cuh"

namespace rondo::device {

/// The dynamic shared memory of the block, aligned to 16 bytes.
__device__ inline std::byte* shared_memory() {
  extern __shared__ __align__(16) unsigned char block_memory[];
  return reinterpret_cast<std::byte*>(block_memory);
}

/// Position of the thread in its warp.
__device__ inline unsigned lane() { return threadIdx.x % kWarpLanes; }

/// Waits until all threads of the block have arrived. Their earlier writes are then visible to all.
__device__ inline void block_barrier() { __syncthreads(); }

/// Waits until all lanes of the warp have arrived: after branches, and before the lanes do something together.
__device__ inline void warp_barrier() { __syncwarp(); }

/// The word of lane `source` among the kWidth neighbours of this lane. kWidth is 2, 4, 8 or 16, and neighbours begin at
/// a multiple of kWidth. All lanes of the warp take part.
template <unsigned kWidth>
__device__ inline std::uint32_t shuffle_among(std::uint32_t word, unsigned source) {
  return __shfl_sync(0xffffffffU, word, static_cast<int>(source), static_cast<int>(kWidth));
}

/// The word of the lane `distance` further on. The last `distance` lanes get a word that is not used. All lanes of the
/// warp take part.
__device__ inline std::uint32_t shuffle_down(std::uint32_t word, unsigned distance) {
  return __shfl_down_sync(0xffffffffU, word, distance);
}

/// The number of the lane whose position differs in the bits of `mask`. All lanes of the warp take part.
__device__ inline float shuffle_xor(float value, unsigned mask) {
  return __shfl_xor_sync(0xffffffffU, value, static_cast<int>(mask));
}

}  // namespace rondo::device
