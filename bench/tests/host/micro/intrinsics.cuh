/// The simulated device's version of bench/micro/intrinsics.cuh, for kernels that exchange.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/cluster.cuh"
#include "cuda/device/words.h"
#include "device/simt/executor.h"

namespace rondo::bench {

/// Loads the words one by one. Other threads may run between them, so that a kernel that relies on one access fails.
inline device::Words4 load_words(const device::Words4* source) {
  device::Words4 words;
  for (unsigned k = 0; k < 4; ++k) {
    test::simt::interleave();
    words.words[k] = device::load_word(&source->words[k]);
  }
  return words;
}

inline void store_words(device::Words4* target, const device::Words4& words) {
  for (unsigned k = 0; k < 4; ++k) {
    test::simt::interleave();
    std::atomic_ref<std::uint32_t>(target->words[k]).store(words.words[k], std::memory_order_relaxed);
  }
}

enum class Acquire : std::uint8_t { cluster, block };

template <Acquire>
inline bool try_phase(device::PushBarrier* barrier, std::uint32_t parity) {
  return device::try_phase(barrier, parity);
}

}  // namespace rondo::bench
