/// Folding one value of each thread of a group into one value for all of them.
///
/// A group is kLanes neighbours along x: 1 thread, the 32 lanes of a warp, or the whole block. The order of the fold
/// depends on kLanes alone, so that equal values give bitwise equal results.
#pragma once

#include <cstddef>
#include <cub/block/block_reduce.cuh>

#include "cuda/device/thread.cuh"

namespace rondo::device {

template <int kLanes, typename Value>
struct FoldStorage {
  typename cub::BlockReduce<Value, kLanes>::TempStorage partial;
  Value total;
};

/// Dynamic shared memory that fold_group needs in each block.
template <int kLanes, typename Value>
constexpr std::size_t fold_bytes() {
  return kLanes > kWarpLanes ? sizeof(FoldStorage<kLanes, Value>) : 0;
}

/// The fold of the values of all threads of the group, all of which call this; fold(a, b) is associative and
/// commutative but for rounding.
template <int kLanes, typename Value, typename Fold>
__device__ inline Value fold_group(Value value, const Fold& fold) {
  if constexpr (kLanes == 1) {
    return value;
  } else if constexpr (kLanes == kWarpLanes) {
    for (int distance = kWarpLanes / 2; distance > 0; distance /= 2) {
      value = fold(value, __shfl_xor_sync(0xffffffffU, value, distance));
    }
    return value;
  } else {
    extern __shared__ __align__(16) unsigned char fold_storage[];
    auto& storage = *reinterpret_cast<FoldStorage<kLanes, Value>*>(fold_storage);
    const Value total = cub::BlockReduce<Value, kLanes>(storage.partial).Reduce(value, fold);
    if (threadIdx.x == 0) storage.total = total;  // other threads do not have the total
    __syncthreads();
    const Value result = storage.total;
    __syncthreads();  // before the storage is used again
    return result;
  }
}

}  // namespace rondo::device
