/// The host's version of bench/micro/intrinsics.cuh, for kernels that exchange.
#pragma once

#include <atomic>
#include <cstdint>

#include "cuda/device/cluster.cuh"
#include "cuda/device/words.h"
#include "simt/executor.h"

namespace rondo::bench {

/// Moves by a millisecond whenever it is looked at, so that a wait in vain is over soon.
inline std::uint64_t global_nanoseconds() {
  static std::atomic<std::uint64_t> nanoseconds = 0;
  return nanoseconds.fetch_add(1'000'000, std::memory_order_relaxed) + 1;
}

inline std::uint32_t load_word(const std::uint32_t* source) {
  return std::atomic_ref<std::uint32_t>(*const_cast<std::uint32_t*>(source)).load(std::memory_order_relaxed);
}

/// Between the words others may run, so that whoever takes them for one access is found out.
inline device::Words4 load_words(const device::Words4* source) {
  device::Words4 words;
  for (unsigned k = 0; k < 4; ++k) {
    test::simt::interleave();
    words.words[k] = load_word(&source->words[k]);
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

/// Waits for it, and so never for more than there is to come.
template <Acquire>
inline bool try_phase(device::PushBarrier* barrier, std::uint32_t parity) {
  device::wait_for_phase(barrier, parity);
  return true;
}

}  // namespace rondo::bench
