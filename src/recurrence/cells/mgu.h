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

  static constexpr std::string_view kKeptNames = "fnq";  // q = h U_n + rb_n
  static constexpr int kKept = static_cast<int>(kKeptNames.size());

  /// f = gate(x W_f + b_f + h U_f + rb_f)
  /// n = act(x W_n + b_n + f (h U_n + rb_n))
  /// h' = f h + (1 - f) n
  template <typename Real, typename Activations, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, Keep keep = {}) {
    const Real x_f = input[0] + recurrent[0];
    const Real f = activate(activations.gate, x_f);
    const Real x_n = input[1] + f * recurrent[1];
    const Real n = activate(activations.state, x_n);
    keep(kept_value(activations.gate, x_f, f), kept_value(activations.state, x_n, n), recurrent[1]);
    return {f * previous.h + (Real(1) - f) * n};
  }

  /// da_n = dh' (1 - f) act'(n);  da_f = (dh' (h - n) + da_n q) gate'(f)
  /// The candidate's product of h has the gradient f da_n. d(h before the step) = f dh' and what the products add.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real> previous,
                                                               UnitStates<Real> d_next, Activations activations) {
    const Real f = value_of_kept(activations.gate, kept[0]);
    const Real n = value_of_kept(activations.state, kept[1]);
    const Real q = kept[2];
    const Real d_n = d_next.h * (Real(1) - f) * derivative_at_kept(activations.state, kept[1]);
    const Real d_f = (d_next.h * (previous.h - n) + d_n * q) * derivative_at_kept(activations.gate, kept[0]);
    return {.input = {d_f, d_n}, .recurrent = {d_f, f * d_n}, .previous = {f * d_next.h}};
  }
};

}  // namespace rondo
