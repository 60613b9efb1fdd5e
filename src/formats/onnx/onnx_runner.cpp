#include <array>
#include <utility>

#include "formats/onnx/onnx_inputs.h"
#include "formats/onnx/onnx_steps.h"
#include "layers/loop/sequence_arguments.h"
#include "plan/kept_runs.h"
#include "plan/session_status.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

// Inputs 4, 5 and 6 of a node, which the rest of a model may compute, as it computes X.
constexpr std::array kComputed{"sequence_lens", "initial_h", "initial_c"};
constexpr std::size_t kFirstComputed = 4;

/// The sizes and inputs that a plan is made for.
struct PlanKey {
  std::int64_t T = 0;
  std::int64_t B = 0;
  bool has_lengths = false;
};

std::optional<Tensor> moved(const std::optional<Tensor>& tensor, Device device) {
  return tensor ? std::optional(tensor->to(device)) : std::nullopt;
}

OnnxWeights moved(const OnnxWeights& weights, Device device) {
  return {.kernel = weights.kernel.to(device),
          .recurrent_kernel = weights.recurrent_kernel.to(device),
          .bias = moved(weights.bias, device),
          .peepholes = moved(weights.peepholes, device)};
}

}  // namespace

struct OnnxRunner::Impl {
  Impl(const OnnxOperator& node_op, const OnnxWeights& node_weights)
      : op(node_op), cells(onnx_cells(op, node_weights)) {
    for (const OnnxCell& cell : cells) {
      if (reason.empty()) reason = beyond_cell_spec(op, cell);
    }
    weights.push_back({.forward = SharedWeights(cells[0].weights)});
    if (cells.size() == 2) weights[0].backward.emplace(cells[1].weights);
  }

  std::int64_t I() const { return cells[0].weights.kernel.size(0); }
  std::int64_t H() const { return cells[0].cell.units; }
  std::int64_t D() const { return static_cast<std::int64_t>(cells.size()); }
  const Tensor& like() const { return cells[0].weights.kernel; }
  bool reversed(std::size_t direction) const { return direction == 1 || op.direction == OnnxDirection::reverse; }
  int direction_axis() const { return op.batch_major ? 1 : 0; }
  /// The shape of initial_h, initial_c, Y_h and Y_c.
  Shape state_shape(std::int64_t B) const { return op.batch_major ? Shape{B, D(), H()} : Shape{D(), B, H()}; }

  /// A constant state for the rows of x: one row is for all of them.
  std::optional<Tensor> for_rows(const std::optional<Tensor>& state, const Tensor& x) const;
  void check_computed(const OnnxInputs& inputs) const;
  PlanKey check(const OnnxInputs& inputs) const;
  RecurrenceSpec recurrence(const PlanKey& key, std::size_t direction) const;
  NetworkSpec spec(const PlanKey& key) const;
  OnnxOutputs run_planned(const OnnxInputs& inputs, const PlanKey& key);
  OnnxOutputs run_steps(const OnnxInputs& inputs, const PlanKey& key) const;

  OnnxOperator op;
  std::vector<OnnxCell> cells;
  std::string reason = {};  // why the node runs step by step; empty: it is planned
  OnnxConstants constants = {};
  std::vector<std::string> computed = std::vector<std::string>(kComputed.size());  // names; "": no such input
  std::vector<SharedNetworkWeights> weights = {};
  KeptNetworks kept = {};            // sessions of both directions
  KeptRecurrences kept_single = {};  // sessions of one direction, which cost less than those of a network

 private:
  /// The initial states of one direction: zeros where none are given.
  std::vector<Tensor> initial_states(const OnnxInputs& inputs, std::int64_t direction, const PlanKey& key) const;
  OnnxOutputs allocate(const PlanKey& key) const;
  /// Views of Y_h, and of an LSTM's Y_c, for one direction.
  std::vector<Tensor> final_states(const OnnxOutputs& outputs, std::int64_t direction) const;
};

std::optional<Tensor> OnnxRunner::Impl::for_rows(const std::optional<Tensor>& state, const Tensor& x) const {
  if (!state || !x.defined() || x.rank() != 3 || state->shape() != state_shape(1)) return state;
  return state->broadcast_to(state_shape(x.size(op.batch_major ? 0 : 1)));
}

// An input that the model computes must be given: without that input a run would give other numbers than the model.
void OnnxRunner::Impl::check_computed(const OnnxInputs& inputs) const {
  const std::array given{inputs.lengths.has_value(), inputs.initial_h.has_value(), inputs.initial_c.has_value()};
  for (std::size_t k = 0; k < kComputed.size(); ++k) {
    if (given[k] || computed[k].empty()) continue;
    throw ValueError(kComputed[k], "nothing", "a tensor, as the model computes '" + computed[k] + "' for the node");
  }
}

PlanKey OnnxRunner::Impl::check(const OnnxInputs& inputs) const {
  const Tensor& x = inputs.x;
  if (!x.defined() || x.rank() != 3) {
    const std::string axes = std::string(op.batch_major ? "(B, T, " : "(T, B, ") + std::to_string(I()) + ")";
    throw ValueError("X", x.defined() ? describe(x) : "nothing", to_string(like().dtype()) + " of shape " + axes);
  }
  PlanKey key{.T = x.size(op.batch_major ? 1 : 0), .B = x.size(op.batch_major ? 0 : 1)};
  check_onnx_input("X", x, op.batch_major ? Shape{key.B, key.T, I()} : Shape{key.T, key.B, I()}, like());
  if (inputs.lengths) check_onnx_lengths(*inputs.lengths, key.T, key.B, like().device());
  if (inputs.initial_h) check_onnx_input("initial_h", *inputs.initial_h, state_shape(key.B), like());
  if (inputs.initial_c && op.kind != CellKind::lstm) {
    throw ValueError("initial_c", describe(*inputs.initial_c), "none, as the node is no LSTM");
  }
  if (inputs.initial_c) check_onnx_input("initial_c", *inputs.initial_c, state_shape(key.B), like());
  key.has_lengths = inputs.lengths.has_value();
  return key;
}

RecurrenceSpec OnnxRunner::Impl::recurrence(const PlanKey& key, std::size_t direction) const {
  return {.cell = cells[direction].cell,
          .T = key.T,
          .B = key.B,
          .I = I(),
          .dtype = like().dtype(),
          .device = like().device(),
          .rules = TimeRules::onnx(reversed(direction), key.has_lengths),
          .has_lengths = key.has_lengths};
}

NetworkSpec OnnxRunner::Impl::spec(const PlanKey& key) const {
  NetworkLayer layer{.forward = recurrence(key, 0)};
  if (D() == 2) layer.backward = recurrence(key, 1);
  return {.layers = {layer}};
}

std::vector<Tensor> OnnxRunner::Impl::initial_states(const OnnxInputs& inputs, std::int64_t direction,
                                                     const PlanKey& key) const {
  std::vector<Tensor> states;
  const auto put = [&](const std::optional<Tensor>& given) {
    states.push_back(given ? given->select(direction_axis(), direction).contiguous()
                           : Tensor::zeros({key.B, H()}, like().dtype(), like().device()));
  };
  put(inputs.initial_h);
  if (op.kind == CellKind::lstm) put(inputs.initial_c);
  return states;
}

OnnxOutputs OnnxRunner::Impl::allocate(const PlanKey& key) const {
  const auto states = [&] { return Tensor::empty(state_shape(key.B), like().dtype(), like().device()); };
  const Shape shape = op.batch_major ? Shape{key.B, key.T, D(), H()} : Shape{key.T, D(), key.B, H()};
  OnnxOutputs outputs{.y = Tensor::empty(shape, like().dtype(), like().device()), .y_h = states()};
  if (op.kind == CellKind::lstm) outputs.y_c = states();
  return outputs;
}

std::vector<Tensor> OnnxRunner::Impl::final_states(const OnnxOutputs& outputs, std::int64_t direction) const {
  std::vector<Tensor> states{outputs.y_h.select(direction_axis(), direction)};
  if (outputs.y_c) states.push_back(outputs.y_c->select(direction_axis(), direction));
  return states;
}

OnnxOutputs OnnxRunner::Impl::run_planned(const OnnxInputs& inputs, const PlanKey& key) {
  OnnxOutputs outputs = allocate(key);
  const bool begins_with_zeros = !inputs.initial_h && !inputs.initial_c;
  const auto states = [&](std::int64_t direction) -> DirectionTensors {
    return {.initial_state = begins_with_zeros ? std::vector<Tensor>() : initial_states(inputs, direction, key),
            .final_state = final_states(outputs, direction)};
  };
  // A network writes the directions of a step side by side, (T, B, D H). With the batch first that is the layout of Y.
  const bool in_place = op.batch_major || D() == 1;
  const Tensor side_by_side =
      in_place ? outputs.y : Tensor::empty({key.T, key.B, D(), H()}, like().dtype(), like().device());
  const Shape features = op.batch_major ? Shape{key.B, key.T, D() * H()} : Shape{key.T, key.B, D() * H()};
  const Tensor y = swap_layout(side_by_side.reshape(features), !op.batch_major);
  const Tensor x = with_packed_features(swap_layout(inputs.x, !op.batch_major));
  if (D() == 1) {
    DirectionTensors given = states(0);
    const SessionTensors tensors{.x = x,
                                 .lengths = inputs.lengths,
                                 .initial_state = std::move(given.initial_state),
                                 .y = y,
                                 .final_state = std::move(given.final_state)};
    run_kept(kept_single, weights[0].forward, recurrence(key, 0), {}, tensors);
    return outputs;
  }
  const NetworkTensors tensors{
      .x = x, .lengths = inputs.lengths, .y = y, .layers = {{.forward = states(0), .backward = states(1)}}};
  run_kept(kept, weights, spec(key), {}, tensors);
  if (!in_place) outputs.y.copy_from(side_by_side.swap_axes(1, 2));
  return outputs;
}

OnnxOutputs OnnxRunner::Impl::run_steps(const OnnxInputs& inputs, const PlanKey& key) const {
  const OnnxOutputs outputs = allocate(key);
  const Tensor x = op.batch_major ? inputs.x.swap_axes(0, 1) : inputs.x;
  const Tensor y = op.batch_major ? outputs.y.transpose({1, 2, 0, 3}) : outputs.y;  // (T, D, B, H)
  for (std::int64_t direction = 0; direction < D(); ++direction) {
    const auto index = static_cast<std::size_t>(direction);
    const OnnxSequenceResult result = run_onnx_steps(op, cells[index],
                                                     {.x = x,
                                                      .lengths = inputs.lengths,
                                                      .states = initial_states(inputs, direction, key),
                                                      .reversed = reversed(index)});
    y.select(1, direction).copy_from(result.y);
    const std::vector<Tensor> states = final_states(outputs, direction);
    for (std::size_t k = 0; k < states.size(); ++k) states[k].copy_from(result.states[k]);
  }
  return outputs;
}

OnnxRunner::OnnxRunner(const OnnxOperator& op, const OnnxWeights& weights)
    : impl_(std::make_unique<Impl>(op, weights)) {}

OnnxRunner::OnnxRunner(const OnnxNode& node, Device device) : OnnxRunner(node.op, moved(node.weights(), device)) {
  for (std::size_t k = 0; k < kComputed.size() && kFirstComputed + k < node.inputs.size(); ++k) {
    impl_->computed[k] = node.inputs[kFirstComputed + k];
  }
  impl_->constants.lengths = moved(node.constants.lengths, device);
  const auto put_state = [&](std::size_t k, const std::optional<Tensor>& state, std::optional<Tensor>& place) {
    if (!state) return;
    if (is_zero_state(*state)) return impl_->computed[k].clear();
    place = state->clone().to(device);  // not a view that keeps the whole model
  };
  put_state(1, node.constants.initial_h, impl_->constants.initial_h);
  put_state(2, node.constants.initial_c, impl_->constants.initial_c);
}

OnnxRunner::~OnnxRunner() = default;
OnnxRunner::OnnxRunner(OnnxRunner&&) noexcept = default;
OnnxRunner& OnnxRunner::operator=(OnnxRunner&&) noexcept = default;

OnnxOutputs OnnxRunner::run(const OnnxInputs& inputs) {
  OnnxInputs all = inputs;
  if (!all.lengths) all.lengths = impl_->constants.lengths;
  if (!all.initial_h) all.initial_h = impl_->for_rows(impl_->constants.initial_h, inputs.x);
  if (!all.initial_c) all.initial_c = impl_->for_rows(impl_->constants.initial_c, inputs.x);
  impl_->check_computed(all);
  const PlanKey key = impl_->check(all);
  return impl_->reason.empty() ? impl_->run_planned(all, key) : impl_->run_steps(all, key);
}

std::string OnnxRunner::explain(std::int64_t T, std::int64_t B, bool has_lengths) const {
  if (!impl_->reason.empty()) return "step by step, because " + impl_->reason;
  return NetworkPlan::create(impl_->spec({.T = T, .B = B, .has_lengths = has_lengths})).explain();
}

SessionStatus OnnxRunner::finish() { return merged(finish_kept(impl_->kept), finish_kept(impl_->kept_single)); }

}  // namespace rondo
