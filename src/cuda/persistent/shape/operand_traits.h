/// What a recurrent product multiplies, and which products a step consists of.
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

/// Phases of a step, each with one product. A step has one phase, which multiplies h with the columns of all gates; a
/// GRU that resets before the candidate's product has two: h for the other gates, and r * h for the candidate.
template <typename Formula>
inline constexpr int kPhases = Formula::kProductsBeforeReset < Formula::kGates ? 2 : 1;

/// Gates of a phase; 0 where the formula has no such phase. The gates of phase 0 are the first.
template <typename Formula, int kPhase>
inline constexpr int kPhaseGates = 0;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 0> = Formula::kProductsBeforeReset;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 1> = Formula::kGates - Formula::kProductsBeforeReset;

}  // namespace rondo
