/// The shared memory of a block by SharedLayout: where its parts begin, and which of them a warp works on.
#pragma once

#include "cuda/device/thread.cuh"
#include "cuda/persistent/kernel/lane_weights.cuh"
#include "cuda/persistent/shape/shared_layout.h"

namespace rondo {

struct BlockMemory {
  std::byte* base;
  const SharedLayout& layout;

  __device__ std::uint32_t* operands() const { return reinterpret_cast<std::uint32_t*>(base + layout.operands); }
  __device__ float* sums_at(std::uint32_t place) const { return reinterpret_cast<float*>(base + place); }
  __device__ device::Words4* weights() const { return reinterpret_cast<device::Words4*>(base + layout.weights); }
  __device__ device::Words4* stream() const { return reinterpret_cast<device::Words4*>(base + layout.stream); }
  __device__ std::byte* barriers() const { return base + layout.barriers; }

  /// Fills the rows of h and the sums with zeros. Rows and words of h that do not exist stay zeros, and so do the sums
  /// of a first step whose h is zeros.
  __device__ void clear(int threads) const {
    device::Words4* words = reinterpret_cast<device::Words4*>(base + layout.operands);
    const int count = static_cast<int>((layout.weights - layout.operands) / sizeof(device::Words4));
    for (int i = static_cast<int>(device::thread_index().x); i < count; i += threads) words[i] = {};
  }
};

/// The place of this warp in its block. Where the run `multiplies` nothing with the recurrent kernel, the warp has no
/// tiles, so that no weights are read.
template <typename Product>
__device__ inline WarpPlace warp_place(const PersistentShape& shape, const BlockMemory& memory, int rows,
                                       bool multiplies) {
  const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
  const int k_warp = warp / shape.unit_warps;
  const int shared_vectors = shared_tiles(shape, Product::kResident) * Product::kVectors * device::kWarpLanes;
  constexpr int kStreamVectors = kStreamPlaces * Product::Layout::template kTermVectors<0> * device::kWarpLanes;
  return {.shape = shape,
          .unit_warp = warp % shape.unit_warps,
          .k_warp = k_warp,
          .tiles = multiplies ? shape.tiles_of(k_warp) : 0,
          .first_tile = k_warp * shape.warp_tiles(),
          .rows = rows,
          .shared_weights = memory.weights() + warp * shared_vectors,
          .stream_places = memory.stream() + warp * kStreamVectors};
}

/// Where the sums of a product are in the block's shared memory, in bytes. Products alternate between two places where
/// BlockNeeds::sum_places is 2.
class SumPlaces {
 public:
  __device__ SumPlaces(const SharedLayout& layout, const PersistentShape& shape, const BlockNeeds& needs)
      : both_(2 * first_of(layout) + (needs.sum_places == 1 ? 0 : bytes_of(shape, needs))),
        current_(first_of(layout)) {}

  __device__ std::uint32_t next() {
    current_ = both_ - current_;
    return current_;
  }
  __device__ std::uint32_t current() const { return current_; }

 private:
  static __device__ std::uint32_t first_of(const SharedLayout& layout) {
    return static_cast<std::uint32_t>(layout.sums);
  }
  static __device__ std::uint32_t bytes_of(const PersistentShape& shape, const BlockNeeds& needs) {
    return static_cast<std::uint32_t>(sum_count(shape, needs)) * sizeof(float);
  }

  const std::uint32_t both_;  ///< the sum of the two places
  std::uint32_t current_;
};

}  // namespace rondo
