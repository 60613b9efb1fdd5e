/// The simple recurrent cell (Elman 1990; `tf.keras.layers.SimpleRNNCell`).
#pragma once

#include "recurrence/cells/unit.h"

namespace rondo {

struct SimpleRnnFormula {
  static constexpr CellKind kKind = CellKind::simple_rnn;
  static constexpr std::string_view kName = "simple_rnn";
  static constexpr std::string_view kForm = "";
  static constexpr std::string_view kGateNames = "h";
  static constexpr int kGates = static_cast<int>(kGateNames.size());
  static constexpr bool kHasGateActivation = false;
  static constexpr int kStates = 1;
  static constexpr int kProductsBeforeReset = 1;
  static constexpr int kBiases = 1;

  /// h' = act(x W + b + h U)
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real>,
                                                 Activations activations) {
    return {activate(activations.state, input[0] + recurrent[0])};
  }
};

}  // namespace rondo
