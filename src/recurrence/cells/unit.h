/// What all cells share: what a cell says about itself, one unit's states, and the activations of its gates.
///
/// A cell is a struct of static host-device functions over one unit u of one row. Executors and file formats ask it, by
/// dispatch_cell, for what they need to know:
///
///     kKind                  its CellKind
///     kName                  the name of the kind
///     kForm                  which cell of the kind it is; empty where the kind has one
///     kGateNames, kGates     a letter for each gate, in the order of the blocks of the weights; their number
///     kHasGateActivation     whether a gate takes activations.gate
///     kStates                1: h, or 2: h and c
///     kProductsBeforeReset   recurrent products that exist before the step: all kGates of them, but 2 for a GRU whose
///                            candidate multiplies r * h, for which the executor then asks `reset`
///     kBiases                rows of the bias: b alone, or b and rb
///     step(input, recurrent, previous, activations)      an LstmVariantFormula takes its LstmVariantUnit as well
///
/// where input[g] is (x W + b) and recurrent[g] is (h U + rb) in the column of gate g and unit u. `activations` has a
/// `state` and a `gate` that `activate(activation, x)` takes: Activations, or a type of an executor's own. All that
/// formulas do with numbers is + - * and activate, so that they also run over tensors: recurrence/tensor_step.h.
#pragma once

#include <string_view>

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// Products of a step: one of h with the columns of all gates; but for a GRU that resets before the candidate's
/// product, one of h for the other gates, and one of r * h for the candidate.
template <typename Formula>
inline constexpr int kPhases = Formula::kProductsBeforeReset < Formula::kGates ? 2 : 1;

/// Gates of a phase; none where there is no such phase. The gates of phase 0 come first.
template <typename Formula, int kPhase>
inline constexpr int kPhaseGates = 0;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 0> = Formula::kProductsBeforeReset;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 1> = Formula::kGates - Formula::kProductsBeforeReset;

/// The states of one unit; `c` is an LSTM's alone. The output of every cell is its h.
template <typename Real>
struct UnitStates {
  Real h = 0;
  Real c = 0;
};

struct Activations {
  Activation state;  ///< Keras's `activation`
  Activation gate;   ///< Keras's `recurrent_activation`

  /// Whether they are tanh and sigmoid, which nearly every cell has, and which executors have faster code for.
  RONDO_HOST_DEVICE constexpr bool is_standard() const {
    return state == Activation::tanh && gate == Activation::sigmoid;
  }
};

/// The activation that makes h of an LSTM's c: activations.output where there is one, which only ONNX has, else the
/// candidate's.
template <typename Activations>
RONDO_HOST_DEVICE constexpr auto output_activation(const Activations& activations) {
  if constexpr (requires { activations.output; }) {
    return activations.output;
  } else {
    return activations.state;
  }
}

}  // namespace rondo
