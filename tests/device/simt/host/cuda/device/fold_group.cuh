/// The host's version of src/cuda/device/fold_group.cuh: a tree in shared memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cuda/device/thread.cuh"

namespace rondo::device {

template <int kLanes, typename Value>
constexpr std::size_t fold_bytes() {
  return kLanes > kWarpLanes ? kLanes * sizeof(Value) : 0;
}

template <typename Value>
Value value_of_lane(Value value, unsigned source) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = test::simt::exchange_in_warp(bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <int kLanes, typename Value, typename Fold>
Value fold_group(Value value, const Fold& fold) {
  if constexpr (kLanes == 1) {
    return value;
  } else if constexpr (kLanes == kWarpLanes) {
    for (unsigned distance = kWarpLanes / 2; distance > 0; distance /= 2) {
      value = fold(value, value_of_lane(value, test::simt::lane() ^ distance));
    }
    return value;
  } else {
    static_assert(std::has_single_bit(static_cast<unsigned>(kLanes)));
    auto* values = reinterpret_cast<Value*>(test::simt::shared_memory());
    const unsigned thread = thread_index().x;
    values[thread] = value;
    test::simt::block_barrier();
    for (unsigned distance = kLanes / 2; distance > 0; distance /= 2) {
      if (thread < distance) values[thread] = fold(values[thread], values[thread + distance]);
      test::simt::block_barrier();
    }
    const Value total = values[0];
    test::simt::block_barrier();
    return total;
  }
}

}  // namespace rondo::device
