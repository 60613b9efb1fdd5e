/// The dtypes that recurrent products are computed in.
#pragma once

#include "cuda/device/mma_tile.h"
#include "rondo/vocabulary/float16.h"

namespace rondo {

/// `Operand` is what a product multiplies: BFloat16, Float16, device::Tf32, device::Tf32x3, or float for strict
/// products.
template <typename Operand>
struct OperandTraits {
  using Element = Operand;            ///< the type of x, weights, states and outputs
  static constexpr int kPerWord = 2;  ///< operands in 4 bytes
};

template <>
struct OperandTraits<device::Tf32> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

template <>
struct OperandTraits<device::Tf32x3> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

template <>
struct OperandTraits<float> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

}  // namespace rondo
