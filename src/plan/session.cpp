// Checks the tensors of a run against the plan and hands their addresses to the executor.

#include "recurrence/executor.h"
#include "rondo/error.h"
#include "rondo/plan.h"

namespace rondo {
namespace {

/// Everything a tensor of a run must be.
struct Requirement {
  std::string name;
  Shape shape;
  DType dtype;
  Device device;
};

void check_tensor(const Tensor& tensor, const Requirement& required) {
  const bool fits = tensor.defined() && tensor.shape() == required.shape && tensor.dtype() == required.dtype &&
                    tensor.device() == required.device;
  if (!fits) {
    throw ValueError(required.name, describe(tensor),
                     to_string(required.dtype) + to_string(required.shape) + " on " + to_string(required.device));
  }
}

// An innermost axis of one element has no gaps whatever its stride says.
void check_innermost(const Tensor& tensor, const std::string& name) {
  if (tensor.size(-1) > 1 && tensor.stride(-1) != 1) {
    throw ValueError(name, "an innermost stride of " + std::to_string(tensor.stride(-1)), "1");
  }
}

SequenceBuffer sequence_buffer(const Tensor& tensor, const Requirement& required) {
  check_tensor(tensor, required);
  check_innermost(tensor, required.name);
  return {tensor.data(), {tensor.stride(0), tensor.stride(1)}};
}

BatchBuffer batch_buffer(const Tensor& tensor, const Requirement& required) {
  check_tensor(tensor, required);
  check_innermost(tensor, required.name);
  return {tensor.data(), tensor.stride(0)};
}

std::array<BatchBuffer, kMaxStates> state_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec) {
  std::array<BatchBuffer, kMaxStates> buffers;
  const auto expected = static_cast<std::size_t>(state_count(spec.cell.kind));
  if (states.empty()) return buffers;
  if (states.size() != expected) {
    throw ValueError(name, std::to_string(states.size()) + " tensors", std::to_string(expected));
  }
  for (std::size_t k = 0; k < expected; ++k) {
    buffers[k] = batch_buffer(
        states[k], {name + "[" + std::to_string(k) + "]", {spec.B, spec.cell.units}, spec.dtype, spec.device});
  }
  return buffers;
}

Schedule make_schedule(const RecurrenceSpec& spec, const SessionTensors& tensors) {
  Schedule schedule{.T = spec.T,
                    .B = spec.B,
                    .read_order = spec.read_order,
                    .write_order = spec.write_order,
                    .dead_output = spec.dead_output};
  if (tensors.mask.has_value() != spec.has_mask) {
    throw ValueError("mask", spec.has_mask ? "none" : "one", spec.has_mask ? "one, as planned" : "none, as planned");
  }
  if (tensors.lengths.has_value() != spec.has_lengths) {
    throw ValueError("lengths", spec.has_lengths ? "none" : "some",
                     spec.has_lengths ? "some, as planned" : "none, as planned");
  }
  if (spec.has_mask) {
    check_tensor(*tensors.mask, {"mask", {spec.T, spec.B}, DType::boolean, spec.device});
    schedule.mask = tensors.mask->data<bool>();
    schedule.mask_strides = {tensors.mask->stride(0), tensors.mask->stride(1)};
  }
  if (spec.has_lengths) {
    check_tensor(*tensors.lengths, {"lengths", {spec.B}, DType::i32, spec.device});
    schedule.lengths = tensors.lengths->data<std::int32_t>();
    schedule.length_stride = tensors.lengths->stride(0);
  }
  return schedule;
}

WeightBuffers weight_buffers(const CellSpec& cell, const RecurrentWeights& weights) {
  WeightBuffers buffers{.kernel = weights.kernel.data(), .recurrent_kernel = weights.recurrent_kernel.data()};
  if (!cell.use_bias) return buffers;
  const bool two_rows = weights.bias->rank() == 2;
  buffers.bias = weights.bias->data();
  if (two_rows) buffers.recurrent_bias = weights.bias->select(0, 1).data();
  return buffers;
}

}  // namespace

Session::Session(const Plan& plan, const RecurrentWeights& weights, Stream stream) : plan_(plan), stream_(stream) {
  const RecurrenceSpec& spec = plan.spec();
  check_weights(spec.cell, weights);
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  check_tensor(weights.kernel, {"weight kernel", {spec.I, columns}, spec.dtype, spec.device});
  if (stream.device != spec.device) throw ValueError("stream", to_string(stream.device), to_string(spec.device));
  weights_ = {weights.kernel.contiguous(), weights.recurrent_kernel.contiguous(), std::nullopt};
  if (weights.bias) weights_.bias = weights.bias->contiguous();
  workspace_ = Tensor::empty({static_cast<std::int64_t>(plan.workspace_bytes())}, DType::boolean, spec.device);
}

void Session::run(const SessionTensors& tensors) {
  const RecurrenceSpec& spec = plan_.spec();
  const std::int64_t H = spec.cell.units;
  RecurrenceBuffers buffers;
  buffers.x = sequence_buffer(tensors.x, {"x", {spec.T, spec.B, spec.I}, spec.dtype, spec.device});
  buffers.weights = weight_buffers(spec.cell, weights_);
  buffers.schedule = make_schedule(spec, tensors);
  buffers.initial_state = state_buffers(tensors.initial_state, "initial_state", spec);
  buffers.final_state = state_buffers(tensors.final_state, "final_state", spec);
  if (tensors.y) buffers.y = sequence_buffer(*tensors.y, {"y", {spec.T, spec.B, H}, spec.dtype, spec.device});
  if (tensors.last_output) {
    buffers.last_output = batch_buffer(*tensors.last_output, {"last_output", {spec.B, H}, spec.dtype, spec.device});
  }
  plan_.executor().run(spec, buffers, workspace_.data(), stream_);
}

}  // namespace rondo
