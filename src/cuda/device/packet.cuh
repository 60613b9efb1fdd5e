/// Words that blocks of a grid exchange through global memory: alone, or in packets, each together with the number of
/// its exchange, so that the reader of a packet sees whether it has arrived. The 8 bytes of a packet are written and
/// read as one. PTX promises that for vectors of 8 bytes, and not for larger ones.
#pragma once

#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/words.h"

namespace rondo::device {

__device__ inline void store_packet(Packet* target, Packet packet) {
  const std::uint64_t bits = static_cast<std::uint64_t>(packet.epoch) << 32 | static_cast<std::uint64_t>(packet.word);
  asm volatile("st.relaxed.gpu.global.b64 [%0], %1;" ::"l"(target), "l"(bits) : "memory");
}

__device__ inline PacketPair load_packets(const PacketPair* source) {
  std::uint64_t bits[2];
  asm volatile("ld.relaxed.gpu.global.v2.b64 {%0,%1}, [%2];" : "=l"(bits[0]), "=l"(bits[1]) : "l"(source) : "memory");
  const auto packet = [](std::uint64_t both) {
    return Packet{static_cast<std::uint32_t>(both), static_cast<std::uint32_t>(both >> 32)};
  };
  return {{packet(bits[0]), packet(bits[1])}};
}

/// Each word is read as one, but the pair is not.
__device__ inline WordPair load_words(const WordPair* source) {
  WordPair pair;
  asm volatile("ld.relaxed.gpu.global.v2.b32 {%0,%1}, [%2];"
               : "=r"(pair.words[0]), "=r"(pair.words[1])
               : "l"(source)
               : "memory");
  return pair;
}

/// Three words and the number of their exchange, in one access of 16 bytes, which are written and read as one: PTX
/// promises that for scalars of 128 bits.
__device__ inline void store_three_words(Words4* target, const Words4& words) {
  asm volatile(
      "{\n\t.reg .b128 all;\n\t.reg .b64 low, high;\n\t"
      "mov.b64 low, {%1,%2};\n\tmov.b64 high, {%3,%4};\n\tmov.b128 all, {low,high};\n\t"
      "st.relaxed.gpu.global.b128 [%0], all;\n\t}" ::"l"(target),
      "r"(words.words[0]), "r"(words.words[1]), "r"(words.words[2]), "r"(words.words[3])
      : "memory");
}

__device__ inline Words4 load_three_words(const Words4* source) {
  Words4 words;
  asm volatile(
      "{\n\t.reg .b128 all;\n\t.reg .b64 low, high;\n\t"
      "ld.relaxed.gpu.global.b128 all, [%4];\n\t"
      "mov.b128 {low,high}, all;\n\tmov.b64 {%0,%1}, low;\n\tmov.b64 {%2,%3}, high;\n\t}"
      : "=r"(words.words[0]), "=r"(words.words[1]), "=r"(words.words[2]), "=r"(words.words[3])
      : "l"(source)
      : "memory");
  return words;
}

/// Writes a word of h that other blocks wait for.
__device__ inline void store_pushed_word(std::uint32_t* target, std::uint32_t word) { store_word(target, word); }

/// Orders this thread's writes: a thread that sees a later write sees the earlier ones, too.
__device__ inline void order_writes() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

/// A loop that waits for packets calls this in each round.
__device__ inline void pause() {}

}  // namespace rondo::device
