/// The host's version of src/cuda/device/packet.cuh. Other threads may run between the two packets of a pair, so that a
/// kernel that relies on a single access fails.
#pragma once

#include <atomic>

#include "cuda/device/atomic.cuh"
#include "cuda/device/words.h"
#include "device/simt/executor.h"

namespace rondo::device {

inline void store_packet(Packet* target, Packet packet) {
  if (test::simt::loses_push()) return;
  std::atomic_ref<Packet>(*target).store(packet, std::memory_order_relaxed);
  test::simt::interleave();
}

inline PacketPair load_packets(const PacketPair* source) {
  auto* pair = const_cast<PacketPair*>(source);  // atomic_ref knows no const; it only reads here
  return {{std::atomic_ref<Packet>(pair->packets[0]).load(std::memory_order_relaxed),
           std::atomic_ref<Packet>(pair->packets[1]).load(std::memory_order_relaxed)}};
}

inline WordPair load_words(const WordPair* source) {
  auto* pair = const_cast<WordPair*>(source);
  const std::uint32_t first = std::atomic_ref<std::uint32_t>(pair->words[0]).load(std::memory_order_relaxed);
  test::simt::interleave();
  return {{first, std::atomic_ref<std::uint32_t>(pair->words[1]).load(std::memory_order_relaxed)}};
}

inline void store_three_words(Words4* target, const Words4& words) {
  if (test::simt::loses_push()) return;
  for (int i = 0; i < 4; ++i) {
    std::atomic_ref<std::uint32_t>(target->words[i]).store(words.words[i], std::memory_order_relaxed);
  }
  test::simt::interleave();
}

inline Words4 load_three_words(const Words4* source) {
  auto* place = const_cast<Words4*>(source);
  Words4 words;
  for (int i = 0; i < 4; ++i) {
    words.words[i] = std::atomic_ref<std::uint32_t>(place->words[i]).load(std::memory_order_relaxed);
  }
  return words;
}

inline void store_pushed_word(std::uint32_t* target, std::uint32_t word) {
  if (!test::simt::loses_push()) store_word(target, word);
}

/// Does nothing, because other threads see a thread's writes in order on the host.
inline void order_writes() {}

inline void pause() { test::simt::pause(); }

}  // namespace rondo::device
