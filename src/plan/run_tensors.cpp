#include "plan/run_tensors.h"

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

SequenceBuffer sequence_buffer(const Tensor& tensor, const Requirement& required) {
  check_rows(tensor, required);
  return {tensor.data(), {tensor.stride(0), tensor.stride(1)}};
}

BatchBuffer batch_buffer(const Tensor& tensor, const Requirement& required) {
  check_rows(tensor, required);
  return {tensor.data(), tensor.stride(0)};
}

std::array<BatchBuffer, kMaxStates> state_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec) {
  check_states(states, name, spec);
  std::array<BatchBuffer, kMaxStates> buffers;
  for (std::size_t k = 0; k < states.size(); ++k) buffers[k] = {states[k].data(), states[k].stride(0)};
  return buffers;
}

Schedule make_schedule(const RecurrenceSpec& spec, const SessionTensors& tensors) {
  check_mask(tensors.mask, spec.has_mask, spec);
  check_lengths(tensors.lengths, spec.has_lengths, spec);
  Schedule schedule{.T = spec.T, .B = spec.B, .rules = spec.rules};
  if (spec.has_mask) {
    schedule.mask = tensors.mask->data<bool>();
    schedule.mask_strides = {tensors.mask->stride(0), tensors.mask->stride(1)};
  }
  if (spec.has_lengths) {
    schedule.lengths = tensors.lengths->data<std::int32_t>();
    schedule.length_stride = tensors.lengths->stride(0);
  }
  return schedule;
}

}  // namespace

void check_rows(const Tensor& tensor, const Requirement& required) {
  check_tensor(tensor, required);
  // An innermost axis of one element has no gaps, whatever its stride is.
  if (tensor.size(-1) > 1 && tensor.stride(-1) != 1) {
    throw ValueError(required.name, "an innermost stride of " + std::to_string(tensor.stride(-1)), "1");
  }
}

bool states_fit(const std::vector<Tensor>& states, const RecurrenceSpec& spec) {
  if (states.empty()) return true;
  if (states.size() != static_cast<std::size_t>(state_count(spec.cell.kind))) return false;
  for (std::size_t k = 0; k < states.size(); ++k) {
    const Tensor& state = states[k];
    const std::int64_t units = state_units(spec.cell, static_cast<int>(k));
    const bool fits = state.defined() && state.rank() == 2 && state.size(0) == spec.B && state.size(1) == units &&
                      state.dtype() == spec.dtype && state.device() == spec.device &&
                      (units <= 1 || state.stride(1) == 1);
    if (!fits) return false;
  }
  return true;
}

void check_states(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec) {
  if (states_fit(states, spec)) return;
  const auto expected = static_cast<std::size_t>(state_count(spec.cell.kind));
  if (states.size() != expected) {
    throw ValueError(name, std::to_string(states.size()) + " tensors", std::to_string(expected));
  }
  for (std::size_t k = 0; k < expected; ++k) {
    const Shape shape{spec.B, state_units(spec.cell, static_cast<int>(k))};
    check_rows(states[k], {name + "[" + std::to_string(k) + "]", shape, spec.dtype, spec.device});
  }
}

void check_mask(const std::optional<Tensor>& mask, bool planned, const RecurrenceSpec& spec) {
  if (mask.has_value() != planned) {
    throw ValueError("mask", planned ? "none" : "one", planned ? "one, as planned" : "none, as planned");
  }
  if (planned) check_tensor(*mask, {"mask", {spec.T, spec.B}, DType::boolean, spec.device});
}

void check_lengths(const std::optional<Tensor>& lengths, bool planned, const RecurrenceSpec& spec) {
  if (lengths.has_value() != planned) {
    throw ValueError("lengths", planned ? "none" : "some", planned ? "some, as planned" : "none, as planned");
  }
  if (planned) check_tensor(*lengths, {"lengths", {spec.B}, DType::i32, spec.device});
}

RecurrenceBuffers run_buffers(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags) {
  const std::int64_t features = output_units(spec.cell);
  RecurrenceBuffers buffers;
  buffers.x = sequence_buffer(tensors.x, {"x", {spec.T, spec.B, spec.I}, spec.dtype, spec.device});
  buffers.schedule = make_schedule(spec, tensors);
  buffers.initial_state = state_buffers(tensors.initial_state, "initial_state", spec);
  buffers.final_state = state_buffers(tensors.final_state, "final_state", spec);
  if (tensors.y) buffers.y = sequence_buffer(*tensors.y, {"y", {spec.T, spec.B, features}, spec.dtype, spec.device});
  if (tensors.last_output) {
    buffers.last_output =
        batch_buffer(*tensors.last_output, {"last_output", {spec.B, features}, spec.dtype, spec.device});
  }
  buffers.flags = flags;
  return buffers;
}

}  // namespace rondo
