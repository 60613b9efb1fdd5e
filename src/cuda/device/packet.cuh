/// Words that blocks of a grid exchange through global memory: alone, or each together with the number of the exchange
/// it belongs to, where who reads a packet sees at once whether it has come. The 8 bytes of a packet are written and
/// read as one, which is what PTX promises for 8 bytes, and not for more.
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

/// Each word as one, the pair not.
__device__ inline WordPair load_words(const WordPair* source) {
  WordPair pair;
  asm volatile("ld.relaxed.gpu.global.v2.b32 {%0,%1}, [%2];"
               : "=r"(pair.words[0]), "=r"(pair.words[1])
               : "l"(source)
               : "memory");
  return pair;
}

/// Three words and the number of their exchange, in one access of 16 bytes, which is written and read as one: PTX
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

/// A word of h that others wait for.
__device__ inline void store_pushed_word(std::uint32_t* target, std::uint32_t word) { store_word(target, word); }

/// What this thread has written before is seen by all who see what it writes afterwards.
__device__ inline void order_writes() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

/// What a loop that waits for packets calls in each round.
__device__ inline void pause() {}

}  // namespace rondo::device
