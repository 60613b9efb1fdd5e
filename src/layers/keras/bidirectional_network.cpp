// Runs both directions of a Bidirectional of known cells as one network: two recurrences, which run at once where a
// device can.

#include "layers/keras/layer_call.h"
#include "plan/unattended.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/plan/network.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

const KnownCell& cell_of(const RNN& layer) { return static_cast<const KnownCell&>(layer.cell()); }

/// The spec of a layer that runs alone, but with outputs written at the steps of their inputs.
RecurrenceSpec spec_of(const RNN& layer, const PlanRequest& request) {
  RecurrenceSpec spec = layer.plans(request).front().spec();
  spec.rules = spec.rules.in_input_order();
  return spec;
}

/// One direction's tensors: its half of the initial states, and memory for its results.
DirectionTensors direction_tensors(const RecurrenceSpec& spec, States initial, bool wants_last) {
  const auto rows = [&](std::int64_t units) { return Tensor::empty({spec.B, units}, spec.dtype, spec.device); };
  DirectionTensors tensors;
  for (const Nest& state : initial) tensors.initial_state.push_back(with_packed_features(state.leaf()));
  for (int state = 0; state < state_count(spec.cell.kind); ++state) {
    tensors.final_state.push_back(rows(state_units(spec.cell, state)));
  }
  if (wants_last) tensors.last_output = rows(output_units(spec.cell));
  return tensors;
}

}  // namespace

Bidirectional::Results Bidirectional::run_network(const CheckedSequence& sequence, const CallOptions& call) const {
  const RNNOptions& options = forward_.options();
  const Nest& inputs = sequence.inputs;
  const SequenceSizes& sizes = sequence.sizes;
  const PlanRequest request = request_of(call, sizes);
  check_fits_kernel(inputs, cell_of(forward_).weights().kernel);
  const NetworkLayer layer{spec_of(forward_, request), spec_of(backward_, request)};
  const Stream stream = current_stream(sizes.device);
  const NetworkOptions asked{.executor = call.plan.executor, .graph_use = call.plan.graph_use};
  const NetworkPlan plan = NetworkPlan::create({{layer}}, unattended(asked, stream));
  const auto middle = call.initial_state.begin() + static_cast<std::ptrdiff_t>(call.initial_state.size() / 2);
  const bool sequences = options.return_sequences;
  NetworkTensors tensors{.x = with_packed_features(swap_layout(inputs.leaf(), options.time_major)),
                         .lengths = call.lengths};
  if (call.mask) tensors.mask = time_major_mask(*call.mask, sizes);
  tensors.layers = {{direction_tensors(layer.forward, {call.initial_state.begin(), middle}, !sequences),
                     direction_tensors(*layer.backward, {middle, call.initial_state.end()}, !sequences)}};
  const std::int64_t first = output_units(layer.forward.cell);
  const std::int64_t width = output_features(layer);
  if (sequences) {
    const Shape shape = options.time_major ? Shape{sizes.T, sizes.B, width} : Shape{sizes.B, sizes.T, width};
    tensors.y = swap_layout(Tensor::empty(shape, layer.forward.dtype, sizes.device), options.time_major);
  }
  NetworkSession session(plan, {{cell_of(forward_).weights(), cell_of(backward_).weights()}}, stream);
  run_unattended(session, tensors);

  Results results;
  const LayerTensors& written = tensors.layers.front();
  if (sequences) {
    const Tensor y = swap_layout(*tensors.y, options.time_major);
    if (merge_mode_ == MergeMode::concat) results.beside = y;
    results.forward = y.slice(2, 0, first);
    results.backward = y.slice(2, first, width);
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
