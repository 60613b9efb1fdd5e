/// From a unit's h to the words that products and exchanges take.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/convert.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/words.h"
#include "cuda/persistent/shape/operand_traits.h"

namespace rondo {

__device__ inline std::uint32_t operand_word(device::Tf32, float value) { return device::round_to_tf32(value); }
/// All bits of the float, because products split the word themselves.
__device__ inline std::uint32_t operand_word(device::Tf32x3, float value) { return device::float_bits(value); }
__device__ inline std::uint32_t operand_word(float, float value) { return device::float_bits(value); }

/// Whether all bits of an operand_word may be set. The words of TF32 end with zeros.
template <typename Operand>
inline constexpr bool kMayHaveAllBits = !std::is_same_v<Operand, device::Tf32>;

/// A word of x as products take it, from the word that the caller's memory has.
template <typename Operand>
__device__ inline std::uint32_t input_word(std::uint32_t word) {
  if constexpr (std::is_same_v<Operand, device::Tf32>) return device::round_to_tf32(device::bits_float(word));
  return word;
}

/// The word that the values of neighbouring lanes make. Where a word holds two operands, an even lane gets the word of
/// its own value and the next lane's, and an odd lane gets a word that is not used. All lanes of the warp take part.
template <typename Operand>
__device__ inline std::uint32_t word_of_lanes(float value) {
  if constexpr (OperandTraits<Operand>::kPerWord == 1) {
    return operand_word(Operand{}, value);
  } else {
    return device::pair_of(value, device::shuffle_xor(value, 1), Operand{});
  }
}

/// How many lanes have the values of four words: a chunk.
template <typename Operand>
inline constexpr int kChunkLanes = 4 * OperandTraits<Operand>::kPerWord;

/// Gives each lane of a chunk the chunk's four words. All lanes of the warp take part.
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
