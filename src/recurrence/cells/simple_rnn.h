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

  static constexpr std::string_view kKeptNames = "y";
  static constexpr int kKept = static_cast<int>(kKeptNames.size());

  /// h' = act(x W + b + h U)
  template <typename Real, typename Activations, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real>,
                                                 Activations activations, Keep keep = {}) {
    const Real x = input[0] + recurrent[0];
    const Real y = activate(activations.state, x);
    keep(kept_value(activations.state, x, y));
    return {y};
  }

  /// da = dh' act'(a);  a = x W + b + h U
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real>,
                                                               UnitStates<Real> d_next, Activations activations) {
    const Real d_a = d_next.h * derivative_at_kept(activations.state, kept[0]);
    return {.input = {d_a}, .recurrent = {d_a}, .previous = {}};
  }
};

}  // namespace rondo
