#include "formats/onnx/onnx_node_runner.h"

#include <utility>

#include "formats/onnx/onnx_inputs.h"
#include "formats/onnx/onnx_steps.h"
#include "layers/loop/sequence_arguments.h"
#include "plan/session_status.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

bool is_wanted(const Tensor& output) { return output.defined(); }
bool is_wanted(const std::optional<Tensor>& output) { return output && output->defined(); }

}  // namespace

OnnxNodeRunner::OnnxNodeRunner(std::shared_ptr<const OnnxNodeWeights> weights, PlanOptions options)
    : weights_(std::move(weights)), options_(std::move(options)) {}

Shape OnnxNodeRunner::sequence_shape(const OnnxRunSizes& sizes) const {
  const std::int64_t D = weights_->D();
  const std::int64_t H = weights_->H();
  return op().batch_major ? Shape{sizes.B, sizes.T, D, H} : Shape{sizes.T, D, sizes.B, H};
}

Shape OnnxNodeRunner::state_shape(std::int64_t B) const {
  const std::int64_t D = weights_->D();
  return op().batch_major ? Shape{B, D, weights_->H()} : Shape{D, B, weights_->H()};
}

OnnxOutputs OnnxNodeRunner::allocate(const OnnxRunSizes& sizes) const {
  const auto empty = [&](const Shape& shape) {
    return Tensor::empty(shape, weights_->like().dtype(), weights_->like().device());
  };
  OnnxOutputs outputs{.y = empty(sequence_shape(sizes)), .y_h = empty(state_shape(sizes.B))};
  if (op().kind == CellKind::lstm) outputs.y_c = empty(state_shape(sizes.B));
  return outputs;
}

OnnxRunSizes OnnxNodeRunner::check(const OnnxInputs& inputs) const {
  const Tensor& x = inputs.x;
  const Tensor& like = weights_->like();
  const std::int64_t I = weights_->I();
  if (!x.defined() || x.rank() != 3) {
    const std::string axes = std::string(op().batch_major ? "(B, T, " : "(T, B, ") + std::to_string(I) + ")";
    throw ValueError("X", x.defined() ? describe(x) : "nothing", to_string(like.dtype()) + " of shape " + axes);
  }
  OnnxRunSizes sizes{.T = x.size(op().batch_major ? 1 : 0), .B = x.size(op().batch_major ? 0 : 1)};
  check_onnx_input("X", x, op().batch_major ? Shape{sizes.B, sizes.T, I} : Shape{sizes.T, sizes.B, I}, like);
  if (inputs.lengths) check_onnx_lengths(*inputs.lengths, sizes.T, sizes.B, like.device());
  if (inputs.initial_h) check_onnx_input("initial_h", *inputs.initial_h, state_shape(sizes.B), like);
  if (inputs.initial_c && op().kind != CellKind::lstm) {
    throw ValueError("initial_c", describe(*inputs.initial_c), "none, as the node is no LSTM");
  }
  if (inputs.initial_c) check_onnx_input("initial_c", *inputs.initial_c, state_shape(sizes.B), like);
  sizes.has_lengths = inputs.lengths.has_value();
  return sizes;
}

void OnnxNodeRunner::run(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs) {
  if (!weights_->reason.empty()) return run_steps(inputs, sizes, outputs);
  // On the CPU a network runs one direction after the other: sessions of one direction cost less, and write Y in place.
  if (weights_->D() == 2 && weights_->like().device() != cpu()) return run_network(inputs, sizes, outputs);
  for (std::int64_t k = 0; k < weights_->D(); ++k) run_direction(inputs, sizes, outputs, k);
}

RecurrenceSpec OnnxNodeRunner::recurrence(const OnnxRunSizes& sizes, std::int64_t direction) const {
  return {.cell = weights_->cells[static_cast<std::size_t>(direction)].cell,
          .T = sizes.T,
          .B = sizes.B,
          .I = weights_->I(),
          .dtype = weights_->like().dtype(),
          .device = weights_->like().device(),
          .rules = TimeRules::onnx(weights_->reads_reversed(direction), sizes.has_lengths),
          .has_lengths = sizes.has_lengths};
}

NetworkSpec OnnxNodeRunner::network(const OnnxRunSizes& sizes) const {
  NetworkLayer layer{.forward = recurrence(sizes, 0)};
  if (weights_->D() == 2) layer.backward = recurrence(sizes, 1);
  return {.layers = {layer}};
}

std::vector<Tensor> OnnxNodeRunner::initial_states(const OnnxInputs& inputs, const OnnxRunSizes& sizes,
                                                   std::int64_t direction) const {
  std::vector<Tensor> states;
  if (!inputs.initial_h && !inputs.initial_c) return states;
  const auto put = [&](const std::optional<Tensor>& given) {
    states.push_back(
        given ? given->select(direction_axis(), direction).contiguous()
              : Tensor::zeros({sizes.B, weights_->H()}, weights_->like().dtype(), weights_->like().device()));
  };
  put(inputs.initial_h);
  if (op().kind == CellKind::lstm) put(inputs.initial_c);
  return states;
}

std::vector<Tensor> OnnxNodeRunner::final_states(const OnnxOutputs& outputs, const OnnxRunSizes& sizes,
                                                 std::int64_t direction) const {
  std::vector<Tensor> states;
  if (!is_wanted(outputs.y_h) && !is_wanted(outputs.y_c)) return states;
  const auto put = [&](bool wanted, const Tensor& output) {
    states.push_back(
        wanted ? output.select(direction_axis(), direction)
               : Tensor::empty({sizes.B, weights_->H()}, weights_->like().dtype(), weights_->like().device()));
  };
  put(is_wanted(outputs.y_h), outputs.y_h);
  if (op().kind == CellKind::lstm) put(is_wanted(outputs.y_c), outputs.y_c.value_or(Tensor()));
  return states;
}

void OnnxNodeRunner::run_direction(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs,
                                   std::int64_t direction) {
  SessionTensors tensors{.x = with_packed_features(swap_layout(inputs.x, !op().batch_major)),
                         .lengths = inputs.lengths,
                         .initial_state = initial_states(inputs, sizes, direction),
                         .final_state = final_states(outputs, sizes, direction)};
  if (is_wanted(outputs.y)) {
    tensors.y = op().batch_major ? outputs.y.select(2, direction).swap_axes(0, 1) : outputs.y.select(1, direction);
  }
  const SharedNetworkWeights& shared = weights_->network[0];
  run_kept(kept_directions_[static_cast<std::size_t>(direction)], direction == 0 ? shared.forward : *shared.backward,
           recurrence(sizes, direction), options_, tensors);
}

void OnnxNodeRunner::run_network(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs) {
  const std::int64_t D = weights_->D();
  const std::int64_t H = weights_->H();
  const auto states = [&](std::int64_t direction) -> DirectionTensors {
    return {.initial_state = initial_states(inputs, sizes, direction),
            .final_state = final_states(outputs, sizes, direction)};
  };
  NetworkTensors tensors{.x = with_packed_features(swap_layout(inputs.x, !op().batch_major)),
                         .lengths = inputs.lengths,
                         .layers = {{.forward = states(0), .backward = states(1)}}};
  // A network writes the directions of a step side by side, (T, B, D H). With the batch first that is the layout of Y.
  Tensor side_by_side;
  if (is_wanted(outputs.y)) {
    const Tensor& like = weights_->like();
    side_by_side = op().batch_major ? outputs.y : Tensor::empty({sizes.T, sizes.B, D, H}, like.dtype(), like.device());
    const Shape features = op().batch_major ? Shape{sizes.B, sizes.T, D * H} : Shape{sizes.T, sizes.B, D * H};
    tensors.y = swap_layout(side_by_side.reshape(features), !op().batch_major);
  }
  run_kept(kept_networks_, weights_->network, network(sizes), network_options(options_), tensors);
  if (tensors.y && !op().batch_major) outputs.y.copy_from(side_by_side.swap_axes(1, 2));
}

void OnnxNodeRunner::run_steps(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs) const {
  const Tensor x = op().batch_major ? inputs.x.swap_axes(0, 1) : inputs.x;
  for (std::int64_t direction = 0; direction < weights_->D(); ++direction) {
    std::vector<Tensor> initial = initial_states(inputs, sizes, direction);
    while (initial.size() < (op().kind == CellKind::lstm ? 2U : 1U)) {
      initial.push_back(Tensor::zeros({sizes.B, weights_->H()}, weights_->like().dtype(), weights_->like().device()));
    }
    const OnnxSequenceResult result = run_onnx_steps(op(), weights_->cells[static_cast<std::size_t>(direction)],
                                                     {.x = x,
                                                      .lengths = inputs.lengths,
                                                      .states = std::move(initial),
                                                      .reversed = weights_->reads_reversed(direction)});
    if (is_wanted(outputs.y)) {
      const Tensor y = op().batch_major ? outputs.y.transpose({1, 2, 0, 3}) : outputs.y;  // (T, D, B, H)
      y.select(1, direction).copy_from(result.y);
    }
    const std::vector<Tensor> states = final_states(outputs, sizes, direction);
    for (std::size_t k = 0; k < states.size(); ++k) states[k].copy_from(result.states[k]);
  }
}

std::string OnnxNodeRunner::explain(const OnnxRunSizes& sizes) const {
  if (!weights_->reason.empty()) return "step by step, because " + weights_->reason;
  return NetworkPlan::create(network(sizes), network_options(options_)).explain();
}

SessionStatus OnnxNodeRunner::finish() {
  SessionStatus status = finish_kept(kept_networks_);
  for (KeptRecurrences& kept : kept_directions_) status = merged(status, finish_kept(kept));
  return status;
}

}  // namespace rondo
