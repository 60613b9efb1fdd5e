/// The long short-term memory cell (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000;
/// `tf.keras.layers.LSTMCell`). Gates in Keras's order: i f g o, which Keras calls i f c o.
#pragma once

#include <limits>
#include <optional>
#include <type_traits>

#include "recurrence/cells/unit.h"

namespace rondo {

struct LstmFormula {
  static constexpr CellKind kKind = CellKind::lstm;
  static constexpr std::string_view kName = "lstm";
  static constexpr std::string_view kForm = "";
  static constexpr std::string_view kGateNames = "ifgo";
  static constexpr int kGates = static_cast<int>(kGateNames.size());
  static constexpr bool kHasGateActivation = true;
  static constexpr int kStates = 2;
  static constexpr int kProductsBeforeReset = 4;
  static constexpr int kBiases = 1;

  /// i = gate(x W_i + b_i + h U_i), f and o the same;  g = act(x W_g + b_g + h U_g)
  /// c' = f c + i g
  /// h' = o act(c')
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations) {
    const Real i = activate(activations.gate, input[0] + recurrent[0]);
    const Real f = activate(activations.gate, input[1] + recurrent[1]);
    const Real g = activate(activations.state, input[2] + recurrent[2]);
    const Real o = activate(activations.gate, input[3] + recurrent[3]);
    const Real c = f * previous.c + i * g;
    return {o * activate(output_activation(activations), c), c};
  }
};

/// The parameters of one unit of an LstmVariantFormula: its elements of the peepholes' diagonals, and the bound of c.
template <typename Real>
struct LstmVariantUnit {
  static constexpr bool kCouplesForget = false;  ///< whether f is 1 - i: true in the type for ONNX's input_forget

  bool has_peepholes = false;
  Real w_i = 0;
  Real w_f = 0;
  Real w_o = 0;
  Real cell_clip = std::numeric_limits<Real>::infinity();

  /// Returns w c; without peepholes zero, even where c is infinite.
  RONDO_HOST_DEVICE Real peep(Real w, Real c) const { return has_peepholes ? w * c : Real(0); }
  RONDO_HOST_DEVICE Real clipped(Real c) const { return formula::clip(c, -cell_clip, cell_clip); }
};

/// The LSTM with peepholes (Gers & Schmidhuber 2000), a bound for c, or both: `tf.compat.v1.nn.rnn_cell.LSTMCell`. With
/// a projection (Sak et al. 2014) the executor multiplies the h that `step` returns by the projection.
struct LstmVariantFormula : LstmFormula {
  /// i = gate(x W_i + b_i + h U_i + w_i c), f the same;  g = act(x W_g + b_g + h U_g)
  /// c' = clip(f c + i g)
  /// o = gate(x W_o + b_o + h U_o + w_o c')
  /// h' = o act(c'), before any projection
  template <typename Real, typename Activations, typename Unit>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, const Unit& unit) {
    const Real i = activate(activations.gate, input[0] + recurrent[0] + unit.peep(unit.w_i, previous.c));
    Real f;
    if constexpr (Unit::kCouplesForget) {
      f = Real(1) - i;
    } else {
      f = activate(activations.gate, input[1] + recurrent[1] + unit.peep(unit.w_f, previous.c));
    }
    const Real g = activate(activations.state, input[2] + recurrent[2]);
    const Real c = unit.clipped(f * previous.c + i * g);
    const Real o = activate(activations.gate, input[3] + recurrent[3] + unit.peep(unit.w_o, c));
    return {o * activate(output_activation(activations), c), c};
  }
};

template <typename Formula>
inline constexpr bool kIsLstmVariant = std::is_same_v<Formula, LstmVariantFormula>;

/// A clip of the spec in the form that kernels take: infinity stands for no clip.
template <typename Real>
Real bound_of(const std::optional<double>& clip) {
  return clip ? static_cast<Real>(*clip) : std::numeric_limits<Real>::infinity();
}

}  // namespace rondo
