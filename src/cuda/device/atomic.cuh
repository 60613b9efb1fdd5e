/// Writes that threads of different blocks may make to one word.
#pragma once

#include <cstdint>

namespace rondo::device {

/// *word |= bits. Returns the value before.
__device__ inline std::uint32_t set_bits(std::uint32_t* word, std::uint32_t bits) { return atomicOr(word, bits); }

/// Reads a word that other blocks write at the same time: all of its bits at once, but in no order with other accesses.
__device__ inline std::uint32_t load_word(const std::uint32_t* word) {
  std::uint32_t value;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(word) : "memory");
  return value;
}
__device__ inline void store_word(std::uint32_t* word, std::uint32_t value) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(word), "r"(value) : "memory");
}

/// As store_word, for a word of host memory that the host reads while the kernel runs.
__device__ inline void store_host_word(std::uint32_t* word, std::uint32_t value) {
  asm volatile("st.relaxed.sys.global.u32 [%0], %1;" ::"l"(word), "r"(value) : "memory");
}

/// As load_word and store_word, for a word in shared memory that several threads of a block use.
__device__ inline std::uint32_t load_block_word(const std::uint32_t* word) {
  return *const_cast<const volatile std::uint32_t*>(word);
}
__device__ inline void store_block_word(std::uint32_t* word, std::uint32_t value) {
  *const_cast<volatile std::uint32_t*>(word) = value;
}

}  // namespace rondo::device
