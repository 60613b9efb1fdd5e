#include "rondo/keras/recurrent_layer.h"

#include <optional>
#include <string>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// The first two axes of `shape` as one.
Shape folded(const Shape& shape) {
  Shape result = shape.erase(0);
  result[0] = shape[0] * shape[1];
  return result;
}

/// The first axis of `shape` as B and T.
Shape unfolded(const Shape& shape, std::int64_t B, std::int64_t T) {
  Shape result = shape.insert(0, B);
  result[1] = T;
  return result;
}

/// Checks that the first axes of an argument are (B, T), and folds them.
std::optional<Tensor> folded(const std::optional<Tensor>& tensor, const char* name, const Tensor& x) {
  if (!tensor) return std::nullopt;
  if (tensor->rank() < 2 || tensor->size(0) != x.size(0) || tensor->size(1) != x.size(1)) {
    throw ValueError(name, describe(*tensor),
                     "first axes (" + std::to_string(x.size(0)) + ", " + std::to_string(x.size(1)) +
                         "), as the inputs of TimeDistributed");
  }
  return tensor->reshape(folded(tensor->shape()));
}

void refuse(bool given, const char* name) {
  if (given) throw ValueError(name, "given to TimeDistributed", "none: each step begins anew");
}

/// The arguments of the layer inside.
CallOptions inner_call(const CallOptions& call, const Tensor& x) {
  refuse(!call.initial_state.empty(), "initial_state");
  refuse(!call.reset_state.empty(), "reset_state");
  refuse(!call.constants.empty(), "constants");
  refuse(call.batch_sizes.has_value() || call.row_indices.has_value(), "batch_sizes");
  refuse(call.gradients, "gradients");
  CallOptions inner = call;
  inner.mask = folded(call.mask, "mask", x);
  inner.lengths = folded(call.lengths, "lengths", x);
  inner.resets = folded(call.resets, "resets", x);
  return inner;
}

/// The first leaf, whose sizes are those of all leaves.
Tensor checked_inputs(const Nest& inputs) {
  const std::vector<Tensor> leaves = inputs.flatten();
  if (leaves.empty()) throw ValueError("inputs", "no tensors", "(B, T, S, ...)");
  for (const Tensor& leaf : leaves) {
    if (leaf.rank() < 4 || leaf.size(0) != leaves[0].size(0) || leaf.size(1) != leaves[0].size(1)) {
      throw ValueError("inputs", describe(leaf), "shape (B, T, S, ...), the same B and T for all inputs");
    }
  }
  return leaves[0];
}

}  // namespace

TimeDistributed::TimeDistributed(RecurrentLayer layer) : layer_(std::make_shared<RecurrentLayer>(std::move(layer))) {
  if (layer_->is_stateful()) throw ValueError("stateful", "true", "false in a TimeDistributed, whose steps begin anew");
  if (layer_->is_time_major()) throw ValueError("time_major", "true", "false in a TimeDistributed");
}

LayerResult TimeDistributed::operator()(const Nest& inputs, const CallOptions& call) {
  const Tensor x = checked_inputs(inputs);
  const std::int64_t B = x.size(0);
  const std::int64_t T = x.size(1);
  const CallOptions inner = inner_call(call, x);
  LayerResult result =
      (*layer_)(inputs.map([](const Tensor& leaf) { return leaf.reshape(folded(leaf.shape())); }), inner);
  const auto unfold = [&](const Tensor& leaf) { return leaf.reshape(unfolded(leaf.shape(), B, T)); };
  result.output = result.output.map(unfold);
  for (Nest& state : result.states) state = state.map(unfold);
  return result;
}

RecurrentLayer::RecurrentLayer(const RNN& layer) : layer_(std::make_shared<RNN>(layer)) {}
RecurrentLayer::RecurrentLayer(const Bidirectional& layer) : layer_(std::make_shared<Bidirectional>(layer)) {}
RecurrentLayer::RecurrentLayer(const TimeDistributed& layer) : layer_(std::make_shared<TimeDistributed>(layer)) {}

LayerResult RecurrentLayer::operator()(const Nest& inputs, const CallOptions& call) {
  return std::visit([&](const auto& layer) { return (*layer)(inputs, call); }, layer_);
}

void RecurrentLayer::reset_states() {
  if (const TimeDistributed* const distributed = time_distributed()) return distributed->layer().reset_states();
  if (RNN* const one = rnn()) return one->reset_states();
  bidirectional()->reset_states();
}

void RecurrentLayer::reload_weights() {
  if (const TimeDistributed* const distributed = time_distributed()) return distributed->layer().reload_weights();
  if (RNN* const one = rnn()) return one->reload_weights();
  bidirectional()->reload_weights();
}

SessionStatus RecurrentLayer::finish() const {
  if (const TimeDistributed* const distributed = time_distributed()) return distributed->layer().finish();
  if (const RNN* const one = rnn()) return one->finish();
  return bidirectional()->finish();
}

// A Bidirectional's layers have its options, except for return_state.
const RNNOptions& RecurrentLayer::options() const {
  if (const TimeDistributed* const distributed = time_distributed()) return distributed->layer().options();
  if (const RNN* const one = rnn()) return one->options();
  return bidirectional()->forward_layer().options();
}

RNN* RecurrentLayer::rnn() const {
  const auto* const layer = std::get_if<std::shared_ptr<RNN>>(&layer_);
  return layer == nullptr ? nullptr : layer->get();
}

Bidirectional* RecurrentLayer::bidirectional() const {
  const auto* const layer = std::get_if<std::shared_ptr<Bidirectional>>(&layer_);
  return layer == nullptr ? nullptr : layer->get();
}

TimeDistributed* RecurrentLayer::time_distributed() const {
  const auto* const layer = std::get_if<std::shared_ptr<TimeDistributed>>(&layer_);
  return layer == nullptr ? nullptr : layer->get();
}

}  // namespace rondo
