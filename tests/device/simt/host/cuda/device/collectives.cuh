/// The host's version of src/cuda/device/collectives.cuh. A lane that reads from a lane beyond
/// the end of the block gets its own word.
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

namespace detail {
/// The word that lane `source` of the warp gives.
inline std::uint32_t word_of_lane(std::uint32_t word, unsigned source) {
  return static_cast<std::uint32_t>(test::simt::exchange_in_warp(word, source));
}
}  // namespace detail

template <unsigned kWidth>
std::uint32_t shuffle_among(std::uint32_t word, unsigned source) {
  return detail::word_of_lane(word, lane() / kWidth * kWidth + source);
}

inline std::uint32_t shuffle_down(std::uint32_t word, unsigned distance) {
  return detail::word_of_lane(word, lane() + distance < kWarpLanes ? lane() + distance : lane());
}

inline float shuffle_xor(float value, unsigned mask) {
  return std::bit_cast<float>(detail::word_of_lane(std::bit_cast<std::uint32_t>(value), lane() ^ mask));
}

}  // namespace rondo::device
