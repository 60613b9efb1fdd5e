/// The gated recurrent unit (Cho et al. 2014; `tf.keras.layers.GRUCell`), with the reset gate applied after or before
/// the product. Gates in Keras's order: z r h. z weighs the old state, as in Keras, PyTorch, ONNX and cuDNN.
#pragma once

#include <type_traits>

#include "recurrence/cells/unit.h"

namespace rondo {

/// z = gate(x W_z + b_z + h U_z + rb_z), r the same with W_r, b_r, U_r, rb_r
/// h~ = act(x W_h + b_h + r (h U_h + rb_h))
/// h' = z h + (1 - z) h~
struct GruResetAfterFormula {
  static constexpr CellKind kKind = CellKind::gru;
  static constexpr std::string_view kName = "gru";
  static constexpr std::string_view kForm = "reset after";
  static constexpr std::string_view kGateNames = "zrh";
  static constexpr int kGates = static_cast<int>(kGateNames.size());
  static constexpr bool kHasGateActivation = true;
  static constexpr int kStates = 1;
  static constexpr int kProductsBeforeReset = 3;
  static constexpr int kBiases = 2;

  static constexpr std::string_view kKeptNames = "zrnq";  // n = h~, q = h U_h + rb_h
  static constexpr int kKept = static_cast<int>(kKeptNames.size());

  template <typename Real, typename Activations, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, Keep keep = {}) {
    const Real x_z = input[0] + recurrent[0];
    const Real x_r = input[1] + recurrent[1];
    const Real z = activate(activations.gate, x_z);
    const Real r = activate(activations.gate, x_r);
    const Real x_n = input[2] + r * recurrent[2];
    const Real n = activate(activations.state, x_n);
    keep(kept_value(activations.gate, x_z, z), kept_value(activations.gate, x_r, r),
         kept_value(activations.state, x_n, n), recurrent[2]);
    return {z * previous.h + (Real(1) - z) * n};
  }

  /// da_z = dh' (h - n) gate'(z);  da_n = dh' (1 - z) act'(n);  da_r = da_n q gate'(r)
  /// The candidate's product of h has the gradient r da_n. d(h before the step) = z dh' and what the products add.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real> previous,
                                                               UnitStates<Real> d_next, Activations activations) {
    const Real z = value_of_kept(activations.gate, kept[0]);
    const Real r = value_of_kept(activations.gate, kept[1]);
    const Real n = value_of_kept(activations.state, kept[2]);
    const Real q = kept[3];
    const Real d_z = d_next.h * (previous.h - n) * derivative_at_kept(activations.gate, kept[0]);
    const Real d_n = d_next.h * (Real(1) - z) * derivative_at_kept(activations.state, kept[2]);
    const Real d_r = d_n * q * derivative_at_kept(activations.gate, kept[1]);
    return {.input = {d_z, d_r, d_n}, .recurrent = {d_z, d_r, r * d_n}, .previous = {z * d_next.h}};
  }
};

/// z = gate(x W_z + b_z + h U_z), r the same with W_r, b_r, U_r
/// h~ = act(x W_h + b_h + (r h) U_h)
/// h' = z h + (1 - z) h~
struct GruResetBeforeFormula {
  static constexpr CellKind kKind = CellKind::gru;
  static constexpr std::string_view kName = "gru";
  static constexpr std::string_view kForm = "reset before";
  static constexpr std::string_view kGateNames = "zrh";
  static constexpr int kGates = static_cast<int>(kGateNames.size());
  static constexpr bool kHasGateActivation = true;
  static constexpr int kStates = 1;
  static constexpr int kProductsBeforeReset = 2;
  static constexpr int kBiases = 1;

  /// Returns r h, which the candidate's product takes instead of h.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static Real reset(const Real* input, const Real* recurrent, Real h, Activations activations) {
    return activate(activations.gate, input[1] + recurrent[1]) * h;
  }

  /// Returns what is kept of r.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static Real kept_reset(const Real* input, const Real* recurrent, Activations activations) {
    const Real x_r = input[1] + recurrent[1];
    return kept_value(activations.gate, x_r, activate(activations.gate, x_r));
  }

  static constexpr std::string_view kKeptNames = "zrn";  // n = h~
  static constexpr int kKept = static_cast<int>(kKeptNames.size());

  /// Returns the new h; recurrent[2] is (r h) U_h.
  template <typename Real, typename Activations, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, Keep keep = {}) {
    const Real x_z = input[0] + recurrent[0];
    const Real z = activate(activations.gate, x_z);
    const Real x_n = input[2] + recurrent[2];
    const Real n = activate(activations.state, x_n);
    if constexpr (!std::is_same_v<Keep, KeepNothing>) {
      keep(kept_value(activations.gate, x_z, z), kept_reset(input, recurrent, activations),
           kept_value(activations.state, x_n, n));
    }
    return {z * previous.h + (Real(1) - z) * n};
  }

  /// da_n = dh' (1 - z) act'(n), whose product with U_h is the gradient of r h.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static Real backward_candidate(const Real* kept, Real d_next, Activations activations) {
    const Real z = value_of_kept(activations.gate, kept[0]);
    return d_next * (Real(1) - z) * derivative_at_kept(activations.state, kept[2]);
  }

  /// da_z = dh' (h - n) gate'(z);  da_r = d(r h) h gate'(r)
  /// d(h before the step) = z dh' + r d(r h), and what the products of z and r add.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real> previous,
                                                               UnitStates<Real> d_next, Activations activations,
                                                               Real d_reset_h) {
    const Real z = value_of_kept(activations.gate, kept[0]);
    const Real r = value_of_kept(activations.gate, kept[1]);
    const Real n = value_of_kept(activations.state, kept[2]);
    const Real d_z = d_next.h * (previous.h - n) * derivative_at_kept(activations.gate, kept[0]);
    const Real d_r = d_reset_h * previous.h * derivative_at_kept(activations.gate, kept[1]);
    const Real d_n = backward_candidate(kept, d_next.h, activations);
    return {.input = {d_z, d_r, d_n}, .recurrent = {d_z, d_r, d_n}, .previous = {z * d_next.h + r * d_reset_h}};
  }
};

}  // namespace rondo
