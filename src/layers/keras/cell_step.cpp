// One step of a known cell.

#include "layers/keras/cell_tape.h"
#include "layers/keras/dropout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Checks the inputs of one step of a known cell: one tensor (B, I) of the weights' dtype.
const Tensor& check_step_input(const Nest& inputs, const RecurrentWeights& weights) {
  const Tensor& x = inputs.leaf();
  const std::int64_t I = weights.kernel.size(0);
  if (x.rank() != 2 || x.size(1) != I || x.dtype() != weights.kernel.dtype()) {
    throw ValueError("inputs", describe(x), to_string(weights.kernel.dtype()) + "(B, " + std::to_string(I) + ")");
  }
  return x;
}

/// A step as a sequence of one step, so that no second code has the cell's formula.
struct OneStep {
  RecurrenceSpec spec;
  SessionTensors tensors;

  OneStep(const CellSpec& cell, const Tensor& x, const States& states)
      : spec{.cell = cell, .T = 1, .B = x.size(0), .I = x.size(1), .dtype = x.dtype(), .device = x.device()},
        tensors{.x = x.insert_axis(0)} {
    for (const Nest& state : states) tensors.initial_state.push_back(state.leaf().contiguous());
    for (int k = 0; k < state_count(cell.kind); ++k) {
      tensors.final_state.push_back(Tensor::empty({spec.B, state_units(cell, k)}, spec.dtype, spec.device));
    }
  }

  States states() const { return {tensors.final_state.begin(), tensors.final_state.end()}; }
};

/// The gradients of a step that is a run of its own. The output of a live step is its h.
StepGradients gradients_of_step(const CellTape& tape, const Nest& d_output, const States& d_states) {
  const RecurrenceSpec& spec = tape.spec();
  SessionGradients given;
  for (const Nest& state : d_states) given.final_state.push_back(state.leaf().contiguous());
  given.final_state[0] = add(given.final_state[0], d_output);
  given.x = Tensor::empty({1, spec.B, spec.I}, spec.dtype, spec.device);
  const CellGradients gradients = tape.gradients(given);
  return {.inputs = gradients.x.select(0, 0),
          .states = States(gradients.initial_state.begin(), gradients.initial_state.end()),
          .constants = Constants(gradients.weights.begin(), gradients.weights.end())};
}

}  // namespace

// The masks of a call in training; none without dropout.
DropoutMasks KnownCell::masks_of(std::int64_t B, const CellContext& context) const {
  if (!context.training || !dropout_.drops()) return {};
  const bool given = !context.dropout.empty() && !is_empty(context.dropout[0]);
  return given ? context.dropout[0] : draw_masks(B, context);
}

StepResult KnownCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  Tensor x = check_step_input(inputs, weights_).contiguous();
  const DropoutMasks masks = masks_of(x.size(0), context);
  if (!is_one_for_all_gates(masks)) return dropped_step(spec_, weights_, {x, states}, masks);
  if (!masks.inputs.empty()) x = mul(x, masks.inputs[0]);
  const OneStep step(spec_, x, states);
  KeptCell::run(*this, step.spec, context.plan, step.tensors);
  return {step.tensors.final_state[0], step.states()};
}

StepWithPullback KnownCell::call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) {
  Tensor x = check_step_input(inputs, weights_).contiguous();
  const DropoutMasks masks = masks_of(x.size(0), context);
  if (!is_one_for_all_gates(masks)) return dropped_step_with_pullback(spec_, weights_, {x, states}, masks);
  const Tensor mask = masks.inputs.empty() ? Tensor() : masks.inputs[0];
  if (mask.defined()) x = mul(x, mask);
  OneStep step(spec_, x, states);
  step.spec.keep = Keep::gates;
  const CellTape tape(*this, step.spec, context.plan, step.tensors);
  const auto pullback = [tape, mask](const Nest& d_output, const States& d_states) {
    StepGradients gradients = gradients_of_step(tape, d_output, d_states);
    if (mask.defined()) gradients.inputs = mul(gradients.inputs, mask);
    return gradients;
  };
  return {step.tensors.final_state[0], step.states(), pullback};
}

std::vector<Tensor> KnownCell::weight_list() const {
  std::vector<Tensor> list;
  (void)weights_.map([&](const Tensor& weight) { return list.emplace_back(weight); });
  return list;
}

}  // namespace rondo
