/// What all cells share: one unit's states, and the activations of its gates.
///
/// A cell is a struct of static host-device functions over one unit u of one row:
///
///     kKind, kGates, kStates
///     kProductsBeforeReset   recurrent products that exist before the step: all kGates of them, but 2 for a GRU whose
///                            candidate multiplies r * h, for which the executor then asks `reset`
///     kBiases                rows of the bias: b alone, or b and rb
///     step(input, recurrent, previous, activations)      an LstmVariantFormula takes its LstmVariantUnit as well
///
/// where input[g] is (x W + b) and recurrent[g] is (h U + rb) in the column of gate g and unit u. `activations` has a
/// `state` and a `gate` that `activate(activation, x)` takes: Activations, or a type of an executor's own.
#pragma once

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// The states of one unit; `c` is an LSTM's alone. The output of every cell is its h.
template <typename Real>
struct UnitStates {
  Real h = 0;
  Real c = 0;
};

struct Activations {
  Activation state;  ///< Keras's `activation`
  Activation gate;   ///< Keras's `recurrent_activation`
};

}  // namespace rondo
