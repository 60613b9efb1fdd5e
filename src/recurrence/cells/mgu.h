/// The minimal gated unit (Zhou et al. 2016; `flax.linen.MGUCell`): a GRU with one gate in place of two. Gates: f n.
#pragma once

#include "recurrence/cells/unit.h"

namespace rondo {

struct MguFormula {
  static constexpr CellKind kKind = CellKind::mgu;
  static constexpr std::string_view kName = "mgu";
  static constexpr std::string_view kForm = "";
  static constexpr std::string_view kGateNames = "fn";
  static constexpr int kGates = static_cast<int>(kGateNames.size());
  static constexpr bool kHasGateActivation = true;
  static constexpr int kStates = 1;
  static constexpr int kProductsBeforeReset = 2;
  static constexpr int kBiases = 2;

  /// f = gate(x W_f + b_f + h U_f + rb_f)
  /// n = act(x W_n + b_n + f (h U_n + rb_n))
  /// h' = f h + (1 - f) n
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations) {
    const Real f = activate(activations.gate, input[0] + recurrent[0]);
    const Real n = activate(activations.state, input[1] + f * recurrent[1]);
    return {f * previous.h + (Real(1) - f) * n};
  }
};

}  // namespace rondo
