/// The interface of all cells: the traits of a cell, one unit's states, and the activations of the gates.
///
/// A cell is a struct of static host-device functions over one unit u of one row. Executors and file formats reach the
/// struct through dispatch_cell and read these members:
///
///     kKind                  its CellKind
///     kName                  the name of the kind
///     kForm                  which cell of the kind it is; empty where the kind has one cell
///     kGateNames, kGates     a letter for each gate, in the order of the blocks of the weights; their number
///     kHasGateActivation     whether a gate uses activations.gate
///     kStates                1: h, or 2: h and c
///     kProductsBeforeReset   recurrent products that exist before the step: kGates; but 2 for a GRU whose candidate
///                            multiplies r * h, which the executor gets from `reset`
///     kBiases                rows of the bias: b alone, or b and rb
///     step(input, recurrent, previous, activations, keep)      an LstmVariantFormula also takes an LstmVariantUnit
///     kKeptNames, kKept      a letter for each value that `step` passes to `keep` for the gradients; their number
///     backward(kept, previous, d_next, activations)      the gradient of a step: UnitGradient
///
/// where input[g] is (x W + b) and recurrent[g] is (h U + rb) in the column of gate g and unit u. `activations` has a
/// `state` and a `gate` that `activate(activation, x)` and derivative_at_kept take: Activations, or a type of an
/// executor's own. Gates are kept as kept_value has them (vocabulary/activations/activate.h). Formulas use numbers only
/// in + - * and these functions, so that they also run over tensors: recurrence/tensor_step.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "rondo/recurrence/cell_spec.h"
#include "rondo/vocabulary/host_device.h"
#include "vocabulary/activations/activate.h"

namespace rondo {

/// The recurrent products of a step. Most cells have one: h with the columns of all gates. A GRU that resets before the
/// candidate's product has two: h for the other gates, then r * h for the candidate.
template <typename Formula>
inline constexpr int kPhases = Formula::kProductsBeforeReset < Formula::kGates ? 2 : 1;

/// The number of gates of a phase; 0 where the cell has no such phase. The gates of phase 0 are the first ones.
template <typename Formula, int kPhase>
inline constexpr int kPhaseGates = 0;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 0> = Formula::kProductsBeforeReset;
template <typename Formula>
inline constexpr int kPhaseGates<Formula, 1> = Formula::kGates - Formula::kProductsBeforeReset;

/// Whether the gradients of x W + b and of h U + rb differ: where a gate multiplies the candidate's product of h, which
/// then has a bias of its own.
template <typename Formula>
inline constexpr bool kHasRecurrentGradient = Formula::kBiases == 2;

/// The states of one unit; only an LSTM has `c`. The output of every cell is its h.
template <typename Real>
struct UnitStates {
  Real h = 0;
  Real c = 0;
};

/// The gradient of one unit's step: of x W + b and of h U + rb in the column of each gate, and of the states before the
/// step as far as they reach it without a product.
template <typename Real, int kGates>
struct UnitGradient {
  Real input[kGates];
  Real recurrent[kGates];
  UnitStates<Real> previous;
};

/// What `step` calls with the values that its gradient needs, where nothing is kept.
struct KeepNothing {
  template <typename... Values>
  RONDO_HOST_DEVICE void operator()(const Values&...) const {}
};

/// Writes the values that the gradient of a step needs, `stride` elements apart.
template <typename Real>
struct KeepIn {
  Real* kept;
  std::int64_t stride = 1;

  template <typename... Values>
  RONDO_HOST_DEVICE void operator()(const Values&... values) const {
    Real* target = kept;
    ((*target = values, target += stride), ...);
  }
};

struct Activations {
  Activation state;  ///< Keras's `activation`
  Activation gate;   ///< Keras's `recurrent_activation`

  /// Whether the activations are tanh and sigmoid, as in nearly every cell. Executors have faster code for these two.
  RONDO_HOST_DEVICE constexpr bool is_standard() const {
    return state.kind == ActivationKind::tanh && gate.kind == ActivationKind::sigmoid;
  }
};

/// Activations of the kinds that every executor but cuDNN's has, for kernels that have no others.
struct BasicActivations {
  BasicActivation state;
  BasicActivation gate;

  RONDO_HOST_DEVICE constexpr bool is_standard() const {
    return state.kind == ActivationKind::tanh && gate.kind == ActivationKind::sigmoid;
  }
};

/// The activation that an LSTM applies to c for h: `activations.output` where the type has that member, as only ONNX's
/// type does, else the candidate's.
template <typename Activations>
RONDO_HOST_DEVICE constexpr auto output_activation(const Activations& activations) {
  if constexpr (requires { activations.output; }) {
    return activations.output;
  } else {
    return activations.state;
  }
}

}  // namespace rondo
