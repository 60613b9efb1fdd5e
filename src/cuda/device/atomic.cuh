/// Writes that threads of different blocks may make to one word.
#pragma once

#include <cstdint>

namespace rondo::device {

/// *word |= bits; what it was before.
__device__ inline std::uint32_t set_bits(std::uint32_t* word, std::uint32_t bits) { return atomicOr(word, bits); }

/// A word that other blocks read and write, too: whole, and in no order with anything else.
__device__ inline std::uint32_t load_word(const std::uint32_t* word) {
  std::uint32_t value;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(word) : "memory");
  return value;
}
__device__ inline void store_word(std::uint32_t* word, std::uint32_t value) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(word), "r"(value) : "memory");
}

/// The same of a word in shared memory, between the threads of a block.
__device__ inline std::uint32_t load_block_word(const std::uint32_t* word) {
  return *const_cast<const volatile std::uint32_t*>(word);
}
__device__ inline void store_block_word(std::uint32_t* word, std::uint32_t value) {
  *const_cast<volatile std::uint32_t*>(word) = value;
}

}  // namespace rondo::device
