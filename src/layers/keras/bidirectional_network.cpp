// Runs both directions of a Bidirectional of known cells as one network: two recurrences, which run at once where a
// device can.

#include <span>

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "rondo/keras/bidirectional.h"

namespace rondo {
namespace {

const KnownCell& cell_of(const RNN& layer) { return static_cast<const KnownCell&>(layer.cell()); }

/// The results of each direction that a call wants besides the sequence.
struct Wanted {
  bool states;
  bool last_output;
};

std::vector<Tensor> tensors_of(std::span<const Nest> states) {
  std::vector<Tensor> tensors;
  for (const Nest& state : states) tensors.push_back(with_packed_features(state.leaf()));
  return tensors;
}

/// A direction's half of the states of both.
std::span<const Nest> half_of(std::span<const Nest> states, Direction direction) {
  const std::size_t half = states.size() / 2;
  return direction == Direction::forward ? states.first(half) : states.subspan(half);
}

/// One direction's tensors: its half of the caller's states, and memory for its results.
DirectionTensors direction_tensors(const RecurrenceSpec& spec, const CallOptions& call, Direction direction,
                                   Wanted wanted) {
  const auto rows = [&](std::int64_t units) { return Tensor::empty({spec.B, units}, spec.dtype, spec.device); };
  DirectionTensors tensors;
  tensors.initial_state = tensors_of(half_of(call.initial_state, direction));
  tensors.reset_state = tensors_of(half_of(call.reset_state, direction));
  for (int state = 0; wanted.states && state < state_count(spec.cell.kind); ++state) {
    tensors.final_state.push_back(rows(state_units(spec.cell, state)));
  }
  if (wanted.last_output) tensors.last_output = rows(output_units(spec.cell));
  return tensors;
}

}  // namespace

Bidirectional::Results Bidirectional::run_network(const CheckedSequence& sequence, const CallOptions& call) const {
  const RNNOptions& options = forward_.options();
  const Nest& inputs = sequence.inputs;
  const SequenceSizes& sizes = sequence.sizes;
  const PlanRequest request = request_of(call, sizes);
  check_fits_kernel(inputs, cell_of(forward_).weights().kernel, sizes.packed() ? 2 : 3);
  // Outputs are written at the steps of their inputs, so that those of both directions lie beside each other.
  const auto spec_of = [&](const RNN& one) {
    return recurrence_of(cell_of(one), request, rules_of(one.options()).in_input_order());
  };
  const NetworkLayer layer{spec_of(forward_), spec_of(backward_)};
  const bool sequences = options.return_sequences;
  NetworkTensors tensors{.x = with_packed_features(swap_layout(inputs.leaf(), sequence.time_major())),
                         .lengths = call.lengths,
                         .batch_sizes = call.batch_sizes,
                         .row_indices = call.row_indices};
  if (call.mask) tensors.mask = time_major_mask("mask", *call.mask, sizes);
  if (call.resets) tensors.resets = time_major_mask("resets", *call.resets, sizes);
  const Wanted wanted{.states = return_state_, .last_output = !sequences};
  LayerTensors& written = tensors.layers.emplace_back();
  written.forward = direction_tensors(layer.forward, call, Direction::forward, wanted);
  written.backward = direction_tensors(*layer.backward, call, Direction::backward, wanted);
  const std::int64_t first = output_units(layer.forward.cell);
  const std::int64_t width = output_features(layer);
  if (sequences) {
    tensors.y = swap_layout(empty_sequence(layer.forward, sizes, width), sequence.time_major());
  }
  run_kept(forward_.keeper_->networks, {{KeptCell::weights(cell_of(forward_)), KeptCell::weights(cell_of(backward_))}},
           {{layer}}, network_options(call.plan), tensors);

  Results results;
  if (sequences && merge_mode_ == MergeMode::concat) {
    results.beside = swap_layout(*tensors.y, sequence.time_major());
  } else if (sequences) {
    const Tensor y = swap_layout(*tensors.y, sequence.time_major());
    results.forward = y.slice(y.rank() - 1, 0, first);
    results.backward = y.slice(y.rank() - 1, first, width);
  } else {
    results.forward = *written.forward.last_output;
    results.backward = *written.backward.last_output;
  }
  for (const DirectionTensors* direction : {&written.forward, &written.backward}) {
    results.states.insert(results.states.end(), direction->final_state.begin(), direction->final_state.end());
  }
  return results;
}

}  // namespace rondo
