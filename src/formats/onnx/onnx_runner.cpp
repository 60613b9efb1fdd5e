// A runner of a node with the constant inputs that its model has.
#include <array>
#include <utility>

#include "formats/onnx/onnx_inputs.h"
#include "formats/onnx/onnx_node_runner.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Inputs 4, 5 and 6 of a node, which the rest of a model may compute, as it computes X.
constexpr std::array kComputed{"sequence_lens", "initial_h", "initial_c"};
constexpr std::size_t kFirstComputed = 4;

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
  Impl(const OnnxOperator& op, const OnnxWeights& weights, const PlanOptions& plan)
      : runner(std::make_shared<const OnnxNodeWeights>(op, weights), plan) {}

  /// A constant state for the rows of x: one row is for all of them.
  std::optional<Tensor> for_rows(const std::optional<Tensor>& state, const Tensor& x) const;
  void check_computed(const OnnxInputs& inputs) const;

  OnnxNodeRunner runner;
  OnnxConstants constants = {};
  std::vector<std::string> computed = std::vector<std::string>(kComputed.size());  // names; "": no such input
};

std::optional<Tensor> OnnxRunner::Impl::for_rows(const std::optional<Tensor>& state, const Tensor& x) const {
  if (!state || !x.defined() || x.rank() != 3 || state->shape() != runner.state_shape(1)) return state;
  return state->broadcast_to(runner.state_shape(x.size(runner.weights().op.batch_major ? 0 : 1)));
}

// An input that the model computes must be given: without that input a run would give other numbers than the model.
void OnnxRunner::Impl::check_computed(const OnnxInputs& inputs) const {
  const std::array given{inputs.lengths.has_value(), inputs.initial_h.has_value(), inputs.initial_c.has_value()};
  for (std::size_t k = 0; k < kComputed.size(); ++k) {
    if (given[k] || computed[k].empty()) continue;
    throw ValueError(kComputed[k], "nothing", "a tensor, as the model computes '" + computed[k] + "' for the node");
  }
}

OnnxRunner::OnnxRunner(const OnnxOperator& op, const OnnxWeights& weights, const PlanOptions& plan)
    : impl_(std::make_unique<Impl>(op, weights, plan)) {}

OnnxRunner::OnnxRunner(const OnnxNode& node, Device device, const PlanOptions& plan)
    : OnnxRunner(node.op, moved(node.weights(), device), plan) {
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
  const OnnxRunSizes sizes = impl_->runner.check(all);
  OnnxOutputs outputs = impl_->runner.allocate(sizes);
  impl_->runner.run(all, sizes, outputs);
  return outputs;
}

std::string OnnxRunner::explain(std::int64_t T, std::int64_t B, bool has_lengths) const {
  return impl_->runner.explain({.T = T, .B = B, .has_lengths = has_lengths});
}

SessionStatus OnnxRunner::finish() { return impl_->runner.finish(); }

}  // namespace rondo
