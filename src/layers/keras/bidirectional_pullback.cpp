#include "layers/keras/bidirectional_pullback.h"

#include "layers/loop/gradient_nests.h"
#include "rondo/ops/ops.h"

namespace rondo {

Nest turn_time(const Nest& sequence, const SequenceSizes& sizes) {
  return sequence.map([&](const Tensor& leaf) {
    return sizes.T == 0 ? leaf : leaf.slice(sizes.time_axis, sizes.T - 1, -1, -1).clone();
  });
}

// With f and b for the outputs of the layers and d for the gradient of the merged output:
//     concat  y = (f, b)        df, db = the parts of d
//     sum     y = f + b         df = db = d
//     ave     y = (f + b) / 2   df = db = d / 2
//     mul     y = f b           df = d b, db = d f
BidirectionalTape::Halves BidirectionalTape::split_output(const Nest& d_output) const {
  if (merge_mode == MergeMode::none) return {d_output[0], d_output[1]};
  const Tensor& d = d_output.leaf();
  switch (merge_mode) {
    case MergeMode::concat: return {d.slice(-1, 0, forward_features), d.slice(-1, forward_features, d.size(-1))};
    case MergeMode::mul: return {mul(d, backward_output.leaf()), mul(d, forward_output.leaf())};
    case MergeMode::ave: return {mul(d, 0.5), mul(d, 0.5)};
    default: return {d, d};
  }
}

LayerGradients BidirectionalTape::operator()(const Nest& d_output, const States& d_states) const {
  const auto& [output, states] = results.completed(d_output, d_states);
  Halves halves;
  if (!is_absent(output)) halves = split_output(output);
  if (turned && !is_absent(output)) halves.backward = turn_time(halves.backward, sizes);
  const auto middle = states.begin() + static_cast<std::ptrdiff_t>(states.empty() ? 0 : forward_states);
  LayerGradients first = forward(halves.forward, States(states.begin(), middle));
  LayerGradients second = backward(halves.backward, States(middle, states.end()));
  return {.inputs = sum_of(first.inputs, second.inputs),
          .initial_state = joined(std::move(first.initial_state), second.initial_state),
          .reset_state = joined(std::move(first.reset_state), second.reset_state),
          .constants = sum_of(first.constants, second.constants),
          .weights = joined(std::move(first.weights), second.weights)};
}

}  // namespace rondo
