/// The host's version of bench/micro/intrinsics.cuh, for kernels that exchange.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/cluster.cuh"
#include "cuda/device/words.h"
#include "simt/executor.h"

namespace rondo::bench {

/// Between the words others may run, so that whoever takes them for one access is found out.
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

/// Nobody runs between the two halves: 16 bytes that come as one.
inline device::Words4 load_wide_packet(const device::Words4* source) {
  device::Words4 words;
  for (unsigned k = 0; k < 4; ++k) words.words[k] = device::load_word(&source->words[k]);
  return words;
}

inline void store_wide_packet(device::Words4* target, const device::Words4& words) {
  for (unsigned k = 0; k < 4; ++k) {
    std::atomic_ref<std::uint32_t>(target->words[k]).store(words.words[k], std::memory_order_relaxed);
  }
  test::simt::interleave();
}

enum class Acquire : std::uint8_t { cluster, block };

template <Acquire>
inline bool try_phase(device::PushBarrier* barrier, std::uint32_t parity) {
  return device::try_phase(barrier, parity);
}

}  // namespace rondo::bench
