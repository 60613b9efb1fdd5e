/// The host's version of src/cuda/device/atomic.cuh.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuda/device/thread.cuh"

namespace rondo::device {

inline std::uint32_t set_bits(std::uint32_t* word, std::uint32_t bits) {
  return std::atomic_ref<std::uint32_t>(*word).fetch_or(bits, std::memory_order_relaxed);
}

inline std::uint32_t load_word(const std::uint32_t* word) {
  auto* place = const_cast<std::uint32_t*>(word);  // atomic_ref knows no const; it only reads here
  return std::atomic_ref<std::uint32_t>(*place).load(std::memory_order_relaxed);
}
inline void store_word(std::uint32_t* word, std::uint32_t value) {
  std::atomic_ref<std::uint32_t>(*word).store(value, std::memory_order_relaxed);
}
inline void store_host_word(std::uint32_t* word, std::uint32_t value) { store_word(word, value); }

inline std::uint32_t load_block_word(const std::uint32_t* word) { return load_word(word); }
inline void store_block_word(std::uint32_t* word, std::uint32_t value) { store_word(word, value); }

}  // namespace rondo::device
