/// Words that a block writes into its own rows of operands.
#pragma once

#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/shape/exchange.h"

namespace rondo {

/// Where a thread writes the words of its unit. The first `units` units of the block have a place in a row.
template <typename Operand>
class OwnOperands {
 public:
  __device__ OwnOperands(const ExchangePlace& place, int units)
      : pushes_(place.unit % kPerWord == 0 && place.unit < units) {
    const int word = place.row * place.shape.row_stride() + place.unit / kPerWord;
    word_ = device::opaque(static_cast<std::uint32_t>(word) * sizeof(std::uint32_t));
  }

  /// As the `push` of exchanges (block_exchange.cuh). `operands` is where the rows begin.
  template <int kGate>
  __device__ void push(const ExchangePlace& place, std::byte* operands, int rows, float value, bool wanted) const {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    if (!wanted || !pushes_) return;
    auto* first = operands + word_ + gate_bytes<kGate>(place.layout);
    *reinterpret_cast<std::uint32_t*>(first + rows * place.layout.operand_row) = word;
  }

 private:
  static constexpr int kPerWord = OperandTraits<Operand>::kPerWord;

  std::uint32_t word_ = 0;  ///< where a thread writes the word of its first row, in bytes
  bool pushes_ = false;     ///< whether the thread writes such words
};

}  // namespace rondo
