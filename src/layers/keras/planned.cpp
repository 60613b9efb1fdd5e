// The planned path: an executor runs a known cell, or each cell of a stack, over the whole sequence.

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The initial or reset states of one cell, as separate tensors; none stand for zeros.
std::vector<Tensor> state_tensors(const States& states) {
  std::vector<Tensor> tensors;
  for (const Nest& state : states) {
    state.visit([&](const Tensor& leaf) { tensors.push_back(with_packed_features(leaf)); });
  }
  return tensors;
}

// The states of cell k of a stack; none stand for zeros.
States of_cell(const States& states, std::size_t k) { return states.empty() ? States() : States{states[k]}; }

Tensor rows(const RecurrenceSpec& spec, std::int64_t units) {
  return Tensor::empty({spec.B, units}, spec.dtype, spec.device);
}

std::vector<Tensor> empty_states(const RecurrenceSpec& spec) {
  std::vector<Tensor> states;
  for (int state = 0; state < state_count(spec.cell.kind); ++state) {
    states.push_back(rows(spec, state_units(spec.cell, state)));
  }
  return states;
}

/// A view of memory for all outputs, (T, B, H) or packed, in the layout of the inputs.
Tensor empty_outputs(const RecurrenceSpec& spec, const CheckedSequence& sequence) {
  return swap_layout(empty_sequence(spec, sequence.sizes, output_units(spec.cell)), sequence.time_major());
}

Nest state_of_cell(std::vector<Tensor> states) {
  if (states.size() == 1) return states[0];
  return Nest::tuple({states.begin(), states.end()});
}

}  // namespace

// Below the top of a stack outputs are written at the steps of their inputs, so that the next cell reads outputs and
// mask in the same order. Only a dead row of the next cell reads the output of a dead row.
std::vector<RecurrenceSpec> RNN::specs(const PlanRequest& request, const TimeRules& rules) const {
  const TimeRules below_the_top = TimeRules::keras(options_.go_backwards, true).in_input_order();
  std::vector<RecurrenceSpec> specs;
  for (const KnownCell* cell : known_cells()) specs.push_back(recurrence_of(*cell, request, below_the_top));
  if (!specs.empty()) specs.back().rules = rules;
  return specs;
}

std::vector<Plan> RNN::plans(const PlanRequest& request) const {
  std::vector<Plan> plans;
  for (const RecurrenceSpec& spec : specs(request, rules_of(options_))) {
    plans.push_back(Plan::create(spec, request.plan));
  }
  return plans;
}

LayerResult RNN::run_planned(const Call& call) const {
  check_fits_kernel(call.sequence.inputs, known_cells()[0]->weights().kernel, call.sequence.sizes.packed() ? 2 : 3);
  const bool is_stack = dynamic_cast<const StackedRNNCells*>(cell_.get()) != nullptr;
  if (!is_stack) return run_cell(call);
  return call.masks.empty() ? run_network(call) : run_cell_by_cell(call);
}

SessionTensors RNN::tensors_of(const Call& call) const {
  SessionTensors tensors{
      .x = with_packed_features(swap_layout(call.sequence.inputs.leaf(), call.sequence.time_major())),
      .lengths = call.options.lengths,
      .batch_sizes = call.options.batch_sizes,
      .row_indices = call.options.row_indices};
  if (call.options.mask) tensors.mask = time_major_mask("mask", *call.options.mask, call.sequence.sizes);
  if (call.options.resets) tensors.resets = time_major_mask("resets", *call.options.resets, call.sequence.sizes);
  return tensors;
}

LayerResult RNN::run_cell(const Call& call) const {
  const auto& cell = static_cast<const KnownCell&>(*cell_);
  const RecurrenceSpec spec = recurrence_of(cell, request_of(call.options, call.sequence.sizes), call.rules);
  SessionTensors tensors = tensors_of(call);
  // One mask is for all gates and time steps, so the inputs are multiplied by the mask.
  if (!call.masks.empty() && !call.masks[0].inputs.empty()) tensors.x = mul(tensors.x, call.masks[0].inputs[0]);
  tensors.initial_state = state_tensors(call.initial);
  tensors.reset_state = state_tensors(call.options.reset_state);
  if (keeps_states()) tensors.final_state = empty_states(spec);
  if (options_.return_sequences) {
    tensors.y = empty_outputs(spec, call.sequence);
  } else {
    tensors.last_output = rows(spec, output_units(spec.cell));
  }
  KeptCell::run(cell, spec, call.options.plan, tensors);
  return {options_.return_sequences ? swap_layout(*tensors.y, call.sequence.time_major()) : *tensors.last_output,
          States(tensors.final_state.begin(), tensors.final_state.end())};
}

// A stack in training with dropout: masks multiply the inputs of each cell, so each cell is a run of its own.
LayerResult RNN::run_cell_by_cell(const Call& call) const {
  const std::vector<const KnownCell*> cells = known_cells();
  const std::vector<RecurrenceSpec> specs = this->specs(request_of(call.options, call.sequence.sizes), call.rules);
  SessionTensors tensors = tensors_of(call);
  LayerResult result;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const bool top = k + 1 == cells.size();
    if (!call.masks[k].inputs.empty()) tensors.x = mul(tensors.x, call.masks[k].inputs[0]);
    tensors.initial_state = state_tensors(of_cell(call.initial, k));
    tensors.reset_state = state_tensors(of_cell(call.options.reset_state, k));
    tensors.final_state = empty_states(specs[k]);
    tensors.y.reset();
    if (top && !options_.return_sequences) {
      tensors.last_output = rows(specs[k], output_units(specs[k].cell));
    } else {
      tensors.y =
          top ? empty_outputs(specs[k], call.sequence)
              : Tensor::empty({specs[k].T, specs[k].B, output_units(specs[k].cell)}, specs[k].dtype, specs[k].device);
    }
    KeptCell::run(*cells[k], specs[k], call.options.plan, tensors);
    result.states.push_back(state_of_cell(tensors.final_state));
    if (!top) tensors.x = *tensors.y;
  }
  result.output =
      options_.return_sequences ? swap_layout(*tensors.y, call.sequence.time_major()) : *tensors.last_output;
  return result;
}

LayerResult RNN::run_network(const Call& call) const {
  NetworkSpec spec;
  std::vector<SharedNetworkWeights> weights;
  for (const RecurrenceSpec& one : specs(request_of(call.options, call.sequence.sizes), call.rules)) {
    spec.layers.push_back({.forward = one});
  }
  for (const KnownCell* cell : known_cells()) weights.push_back({.forward = KeptCell::weights(*cell)});
  const SessionTensors sequences = tensors_of(call);
  NetworkTensors tensors{.x = sequences.x,
                         .mask = sequences.mask,
                         .lengths = sequences.lengths,
                         .resets = sequences.resets,
                         .batch_sizes = sequences.batch_sizes,
                         .row_indices = sequences.row_indices};
  tensors.layers.resize(spec.layers.size());
  for (std::size_t k = 0; k < spec.layers.size(); ++k) {
    DirectionTensors& layer = tensors.layers[k].forward;
    layer.initial_state = state_tensors(of_cell(call.initial, k));
    layer.reset_state = state_tensors(of_cell(call.options.reset_state, k));
    if (keeps_states()) layer.final_state = empty_states(spec.layers[k].forward);
  }
  const RecurrenceSpec& top = spec.layers.back().forward;
  std::optional<Tensor>& last_output = tensors.layers.back().forward.last_output;
  if (options_.return_sequences) {
    tensors.y = empty_outputs(top, call.sequence);
  } else {
    last_output = rows(top, output_units(top.cell));
  }
  run_kept(keeper_->networks, weights, spec, network_options(call.options.plan), tensors);
  LayerResult result{options_.return_sequences ? swap_layout(*tensors.y, call.sequence.time_major()) : *last_output,
                     {}};
  if (!keeps_states()) return result;
  for (const LayerTensors& layer : tensors.layers) result.states.push_back(state_of_cell(layer.forward.final_state));
  return result;
}

}  // namespace rondo
