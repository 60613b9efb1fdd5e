/// The gated recurrent unit (Cho et al. 2014; `tf.keras.layers.GRUCell`), with the reset gate applied after or before
/// the product. Gates in Keras's order: z r h. z weighs the old state, as in Keras, PyTorch, ONNX and cuDNN.
#pragma once

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

  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations) {
    const Real z = activate(activations.gate, input[0] + recurrent[0]);
    const Real r = activate(activations.gate, input[1] + recurrent[1]);
    const Real candidate = activate(activations.state, input[2] + r * recurrent[2]);
    return {z * previous.h + (Real(1) - z) * candidate};
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

  /// Returns the new h; recurrent[2] is (r h) U_h.
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations) {
    const Real z = activate(activations.gate, input[0] + recurrent[0]);
    const Real candidate = activate(activations.state, input[2] + recurrent[2]);
    return {z * previous.h + (Real(1) - z) * candidate};
  }
};

}  // namespace rondo
