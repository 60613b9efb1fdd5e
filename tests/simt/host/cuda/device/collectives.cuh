/// What threads of a warp, a block and a grid do together. No kernel of the library needs these yet; the first that
/// does brings their other version to src/cuda/device.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda/device/thread.cuh"

namespace rondo::device {

inline Extent grid_size() { return test::simt::place().grid_size; }

/// Dynamic shared memory of the block as elements.
template <typename Element>
Element* shared_memory() {
  return reinterpret_cast<Element*>(test::simt::shared_memory());
}

inline void block_barrier() { test::simt::block_barrier(); }
inline void grid_barrier() { test::simt::grid_barrier(); }

/// What a loop calls that waits for another thread's write.
inline void pause() { test::simt::pause(); }

/// The value of the lane whose number differs in the bits of `mask`. All lanes take part.
inline float shuffle_xor(float value, unsigned mask) {
  const std::uint64_t received =
      test::simt::exchange_in_warp(std::bit_cast<std::uint32_t>(value), test::simt::lane() ^ mask);
  return std::bit_cast<float>(static_cast<std::uint32_t>(received));
}

/// The value of the lane `distance` further; beyond the warp, the own one.
inline float shuffle_down(float value, unsigned distance) {
  const std::uint64_t received =
      test::simt::exchange_in_warp(std::bit_cast<std::uint32_t>(value), test::simt::lane() + distance);
  return std::bit_cast<float>(static_cast<std::uint32_t>(received));
}

}  // namespace rondo::device
