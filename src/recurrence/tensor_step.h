/// One step of a formula over tensors of whole batches, for steps that no executor runs: dropout of single gates, and
/// ONNX's operators with settings that a CellSpec does not have.
#pragma once

#include <cstddef>
#include <vector>

#include "ops/tensor_value.h"
#include "recurrence/cells/unit.h"

namespace rondo {

struct TensorStep {
  const std::vector<Tensor>& inputs;  ///< x W + b of each gate, (B, H)
  UnitStates<TensorValue> previous;
  TensorValue reset_h;  ///< the operand of a reset gate: h, or h with some elements dropped
};

/// The last argument of a formula's `step`: keeps what `backward` takes.
struct KeepTensors {
  std::vector<TensorValue>& kept;

  template <typename... Values>
  void operator()(const Values&... values) const {
    (kept.push_back(values), ...);
  }
};

/// Returns the new states. `multiply(state, first, last)` returns `state` U + rb of the gates first .. last - 1, one
/// tensor for each gate; `unit` holds the further arguments of Formula::step.
template <typename Formula, typename Activations, typename Multiply, typename... Unit>
UnitStates<TensorValue> step_tensors(const TensorStep& step, const Activations& activations, const Multiply& multiply,
                                     const Unit&... unit) {
  TensorValue input[Formula::kGates];
  TensorValue recurrent[Formula::kGates];
  for (int gate = 0; gate < Formula::kGates; ++gate) input[gate] = step.inputs[static_cast<std::size_t>(gate)];
  const auto multiply_gates = [&](const TensorValue& state, int first, int last) {
    const std::vector<Tensor> products = multiply(state.tensor(), first, last);
    for (int gate = first; gate < last; ++gate) recurrent[gate] = products[static_cast<std::size_t>(gate - first)];
  };
  multiply_gates(step.previous.h, 0, Formula::kProductsBeforeReset);
  if constexpr (kPhases<Formula> == 2) {
    multiply_gates(Formula::reset(input, recurrent, step.reset_h, activations), Formula::kProductsBeforeReset,
                   Formula::kGates);
  }
  return Formula::step(input, recurrent, step.previous, activations, unit...);
}

/// A view of the columns of the gates first .. last - 1 in a matrix or a bias with all gates.
inline Tensor columns_of_gates(const Tensor& weight, std::int64_t H, int first, int last) {
  return weight.slice(-1, first * H, last * H);
}

}  // namespace rondo
