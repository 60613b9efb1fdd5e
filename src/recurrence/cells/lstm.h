/// The long short-term memory cell (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000;
/// `tf.keras.layers.LSTMCell`). Gates in Keras's order: i f g o, which Keras calls i f c o.
#pragma once

#include <limits>
#include <optional>
#include <type_traits>

#include "recurrence/cells/unit.h"

namespace rondo {

/// The gates of a unit, of what was kept.
template <typename Real>
struct LstmGates {
  template <typename Activations>
  RONDO_HOST_DEVICE LstmGates(const Real* kept, const Activations& activations)
      : i(value_of_kept(activations.gate, kept[0])),
        f(value_of_kept(activations.gate, kept[1])),
        g(value_of_kept(activations.state, kept[2])),
        o(value_of_kept(activations.gate, kept[3])) {}

  Real i, f, g, o;
};

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

  static constexpr std::string_view kKeptNames = kGateNames;
  static constexpr int kKept = static_cast<int>(kKeptNames.size());

  /// i = gate(x W_i + b_i + h U_i), f and o the same;  g = act(x W_g + b_g + h U_g)
  /// c' = f c + i g
  /// h' = o act(c')
  template <typename Real, typename Activations, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, Keep keep = {}) {
    const Real x_i = input[0] + recurrent[0];
    const Real x_f = input[1] + recurrent[1];
    const Real x_g = input[2] + recurrent[2];
    const Real x_o = input[3] + recurrent[3];
    const Real i = activate(activations.gate, x_i);
    const Real f = activate(activations.gate, x_f);
    const Real g = activate(activations.state, x_g);
    const Real o = activate(activations.gate, x_o);
    const Real c = f * previous.c + i * g;
    keep(kept_value(activations.gate, x_i, i), kept_value(activations.gate, x_f, f),
         kept_value(activations.state, x_g, g), kept_value(activations.gate, x_o, o));
    return {o * activate(output_activation(activations), c), c};
  }

  /// da_o = dh' act(c') gate'(o);  dc = dc' + dh' o act'(c')
  /// da_i = dc g gate'(i);  da_f = dc c gate'(f);  da_g = dc i act'(g)
  /// d(c before the step) = dc f
  template <typename Real, typename Activations>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real> previous,
                                                               UnitStates<Real> d_next, Activations activations) {
    const LstmGates<Real> gate(kept, activations);
    const Real c = gate.f * previous.c + gate.i * gate.g;
    const Real y = activate(output_activation(activations), c);
    const Real d_o = d_next.h * y * derivative_at_kept(activations.gate, kept[3]);
    const Real d_c = d_next.c + d_next.h * gate.o * derivative_at(output_activation(activations), c, y);
    const Real d_i = d_c * gate.g * derivative_at_kept(activations.gate, kept[0]);
    const Real d_f = d_c * previous.c * derivative_at_kept(activations.gate, kept[1]);
    const Real d_g = d_c * gate.i * derivative_at_kept(activations.state, kept[2]);
    return {.input = {d_i, d_f, d_g, d_o}, .recurrent = {d_i, d_f, d_g, d_o}, .previous = {Real(0), d_c * gate.f}};
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
  /// The derivative of `clipped`, which is 1 at both bounds, as in TensorFlow.
  RONDO_HOST_DEVICE Real slope_of_clip(Real c) const { return c >= -cell_clip && c <= cell_clip ? Real(1) : Real(0); }
};

/// The LSTM with peepholes (Gers & Schmidhuber 2000), a bound for c, or both: `tf.compat.v1.nn.rnn_cell.LSTMCell`. With
/// a projection (Sak et al. 2014) the executor multiplies the h that `step` returns by the projection.
struct LstmVariantFormula : LstmFormula {
  /// i = gate(x W_i + b_i + h U_i + w_i c), f the same;  g = act(x W_g + b_g + h U_g)
  /// c' = clip(f c + i g)
  /// o = gate(x W_o + b_o + h U_o + w_o c')
  /// h' = o act(c'), before any projection
  template <typename Real, typename Activations, typename Unit, typename Keep = KeepNothing>
  RONDO_HOST_DEVICE static UnitStates<Real> step(const Real* input, const Real* recurrent, UnitStates<Real> previous,
                                                 Activations activations, const Unit& unit, Keep keep = {}) {
    const Real x_i = input[0] + recurrent[0] + unit.peep(unit.w_i, previous.c);
    const Real x_g = input[2] + recurrent[2];
    const Real i = activate(activations.gate, x_i);
    Real x_f = 0;
    Real f;
    if constexpr (Unit::kCouplesForget) {
      f = Real(1) - i;  // in ONNX alone, whose steps keep nothing
    } else {
      x_f = input[1] + recurrent[1] + unit.peep(unit.w_f, previous.c);
      f = activate(activations.gate, x_f);
    }
    const Real g = activate(activations.state, x_g);
    const Real c = unit.clipped(f * previous.c + i * g);
    const Real x_o = input[3] + recurrent[3] + unit.peep(unit.w_o, c);
    const Real o = activate(activations.gate, x_o);
    keep(kept_value(activations.gate, x_i, i), kept_value(activations.gate, x_f, f),
         kept_value(activations.state, x_g, g), kept_value(activations.gate, x_o, o));
    return {o * activate(output_activation(activations), c), c};
  }

  /// The states after a step, before any projection.
  template <typename Real, typename Activations, typename Unit>
  RONDO_HOST_DEVICE static UnitStates<Real> next(const Real* kept, UnitStates<Real> previous, Activations activations,
                                                 const Unit& unit) {
    const LstmGates<Real> gate(kept, activations);
    const Real c = unit.clipped(gate.f * previous.c + gate.i * gate.g);
    return {gate.o * activate(output_activation(activations), c), c};
  }

  /// da_o = dh' act(c') gate'(o);  dc' += dh' o act'(c') + w_o da_o
  /// dc = dc' where f c + i g is within the clip, else 0
  /// da_i = dc g gate'(i);  da_f = dc c gate'(f);  da_g = dc i act'(g)
  /// d(c before the step) = dc f + w_i da_i + w_f da_f
  /// The gradients of the peepholes are da_i c, da_f c and da_o c'. `d_next.h` is the gradient before the projection.
  template <typename Real, typename Activations, typename Unit>
  RONDO_HOST_DEVICE static UnitGradient<Real, kGates> backward(const Real* kept, UnitStates<Real> previous,
                                                               UnitStates<Real> d_next, Activations activations,
                                                               const Unit& unit) {
    const LstmGates<Real> gate(kept, activations);
    const Real unclipped = gate.f * previous.c + gate.i * gate.g;
    const Real c = unit.clipped(unclipped);
    const Real y = activate(output_activation(activations), c);
    const Real d_o = d_next.h * y * derivative_at_kept(activations.gate, kept[3]);
    const Real d_clipped =
        d_next.c + d_next.h * gate.o * derivative_at(output_activation(activations), c, y) + unit.peep(unit.w_o, d_o);
    const Real d_c = d_clipped * unit.slope_of_clip(unclipped);
    const Real d_i = d_c * gate.g * derivative_at_kept(activations.gate, kept[0]);
    const Real d_f = d_c * previous.c * derivative_at_kept(activations.gate, kept[1]);
    const Real d_g = d_c * gate.i * derivative_at_kept(activations.state, kept[2]);
    const Real d_previous = d_c * gate.f + unit.peep(unit.w_i, d_i) + unit.peep(unit.w_f, d_f);
    return {.input = {d_i, d_f, d_g, d_o}, .recurrent = {d_i, d_f, d_g, d_o}, .previous = {Real(0), d_previous}};
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
