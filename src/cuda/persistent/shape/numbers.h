/// The dtypes that recurrent products are computed in.
#pragma once

#include "cuda/device/mma_tile.h"
#include "rondo/vocabulary/float16.h"

namespace rondo {

/// Operand is what a product multiplies: BFloat16, Float16, device::Tf32, device::Tf32x3, or float for strict products.
template <typename Operand>
struct Numbers {
  using Element = Operand;            ///< of x, weights, states and outputs
  static constexpr int kPerWord = 2;  ///< operands in 4 bytes
};

template <>
struct Numbers<device::Tf32> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

template <>
struct Numbers<device::Tf32x3> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

template <>
struct Numbers<float> {
  using Element = float;
  static constexpr int kPerWord = 1;
};

}  // namespace rondo
