/// The host's version of src/cuda/device/collectives.cuh. A lane beyond the end of a block stands for the caller.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "cuda/device/thread.cuh"

namespace rondo::device {

inline std::byte* shared_memory() { return test::simt::shared_memory(); }

inline unsigned lane() { return test::simt::lane(); }

inline void warp_barrier() { test::simt::warp_barrier(); }
inline void block_barrier() { test::simt::block_barrier(); }

inline std::uint32_t shuffle(std::uint32_t word, unsigned source) {
  return static_cast<std::uint32_t>(test::simt::exchange_in_warp(word, source % kWarpLanes));
}

template <unsigned kWidth>
std::uint32_t shuffle_among(std::uint32_t word, unsigned source) {
  return shuffle(word, lane() / kWidth * kWidth + source);
}

inline std::uint32_t shuffle_down(std::uint32_t word, unsigned distance) {
  return shuffle(word, lane() + distance < kWarpLanes ? lane() + distance : lane());
}

inline float shuffle_xor(float value, unsigned mask) {
  return std::bit_cast<float>(shuffle(std::bit_cast<std::uint32_t>(value), lane() ^ mask));
}

}  // namespace rondo::device
