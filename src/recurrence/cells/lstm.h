/// The long short-term memory cell (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000;
/// `tf.keras.layers.LSTMCell`). Gates in Keras's order: i f g o, which Keras calls i f c o.
#pragma once

#include "recurrence/cells/unit.h"

namespace rondo {

struct LstmFormula {
  static constexpr CellKind kKind = CellKind::lstm;
  static constexpr int kGates = 4;
  static constexpr int kStates = 2;
  static constexpr int kProductsBeforeReset = 4;
  static constexpr int kBiases = 1;

  /// i = gate(x W_i + b_i + h U_i), f and o alike;  g = act(x W_g + b_g + h U_g)
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
    return {o * activate(activations.state, c), c};
  }
};

}  // namespace rondo
