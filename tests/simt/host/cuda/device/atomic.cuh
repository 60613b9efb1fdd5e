/// The host's version of src/cuda/device/atomic.cuh.
#pragma once

#include <atomic>
#include <cstdint>

namespace rondo::device {

inline void set_bits(std::uint32_t* word, std::uint32_t bits) {
  std::atomic_ref<std::uint32_t>(*word).fetch_or(bits, std::memory_order_relaxed);
}

}  // namespace rondo::device
