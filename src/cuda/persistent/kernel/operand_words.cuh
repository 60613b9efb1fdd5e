/// From a unit's h to the words that products and exchanges take. Floor 4.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/convert.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/words.h"
#include "cuda/persistent/shape/operand_traits.h"

namespace rondo {

__device__ inline std::uint32_t operand_word(device::Tf32, float value) { return device::round_to_tf32(value); }
/// Whole: products split it themselves.
__device__ inline std::uint32_t operand_word(device::Tf32x3, float value) { return device::float_bits(value); }
__device__ inline std::uint32_t operand_word(float, float value) { return device::float_bits(value); }

/// Whether all bits of an operand_word may be set: those of TF32 end with zeros.
template <typename Operand>
inline constexpr bool kMayHaveAllBits = !std::is_same_v<Operand, device::Tf32>;

/// A word of x as products take it, from what the caller's memory has.
template <typename Operand>
__device__ inline std::uint32_t input_word(std::uint32_t word) {
  if constexpr (std::is_same_v<Operand, device::Tf32>) return device::round_to_tf32(device::bits_float(word));
  return word;
}

/// The word that the values of neighbouring lanes make; where it holds two operands, an even lane gets that of its own
/// and of the next one's, and the next one gets nothing of use. All lanes of the warp take part.
template <typename Operand>
__device__ inline std::uint32_t word_of_lanes(float value) {
  if constexpr (OperandTraits<Operand>::kPerWord == 1) {
    return operand_word(Operand{}, value);
  } else {
    return device::pair_of(value, device::shuffle_xor(value, 1), Operand{});
  }
}

/// Lanes whose values make four words.
template <typename Operand>
inline constexpr int kChunkLanes = 4 * OperandTraits<Operand>::kPerWord;

/// The words of all lanes of a chunk, in each of them. All lanes of the warp take part.
template <typename Operand>
__device__ inline device::Words4 chunk_of_lanes(float value) {
  const std::uint32_t word = word_of_lanes<Operand>(value);
  device::Words4 chunk;
  for (unsigned i = 0; i < 4; ++i) {
    chunk.words[i] = device::shuffle_among<kChunkLanes<Operand>>(word, i * OperandTraits<Operand>::kPerWord);
  }
  return chunk;
}

}  // namespace rondo
