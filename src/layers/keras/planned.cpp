// The planned path: an executor runs a known cell, or each cell of a stack, over the whole sequence.

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "layers/keras/planned_tensors.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
// Below the top of a stack outputs are written at the steps of their inputs, so that the next cell reads outputs and
// mask in the same order. Only a dead row of the next cell reads the output of a dead row.
std::vector<RecurrenceSpec> RNN::specs(const PlanRequest& request, const TimeRules& rules) const {
  const TimeRules below_the_top = TimeRules::keras(options_.go_backwards, true).in_input_order();
  std::vector<RecurrenceSpec> specs;
  const std::vector<const KnownCell*>& cells = known_cells();
  for (std::size_t k = 0; k < cells.size(); ++k) {
    specs.push_back(recurrence_of(*cells[k], request, k + 1 == cells.size() ? rules : below_the_top));
  }
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
  const bool one_by_one = !is_stack() || !call.masks.empty() || call.options.gradients;
  return one_by_one ? run_cells(call) : run_network(call);
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
    tensors.y =
        swap_layout(empty_sequence(top, call.sequence.sizes, output_units(top.cell)), call.sequence.time_major());
  } else {
    last_output = empty_rows(top, output_units(top.cell));
  }
  run_kept(keeper_->networks, weights, spec, network_options(call.options.plan), tensors);
  LayerResult result{options_.return_sequences ? swap_layout(*tensors.y, call.sequence.time_major()) : *last_output,
                     {}};
  if (!keeps_states()) return result;
  for (const LayerTensors& layer : tensors.layers) result.states.push_back(state_of_cell(layer.forward.final_state));
  return result;
}

}  // namespace rondo
