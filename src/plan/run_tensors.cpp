#include "plan/run_tensors.h"

#include <algorithm>

#include "cuda/runtime/runtime.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// `packed` is null for a padded sequence.
TimeBatchStrides strides_of(const Tensor& sequence, const PackedRows* packed) {
  if (packed == nullptr) return {.time = sequence.stride(0), .batch = sequence.stride(1)};
  return {.batch = sequence.stride(0), .first_rows = packed->first_rows()};
}

Schedule make_schedule(const RecurrenceSpec& spec, const SessionTensors& tensors, const PackedRows* packed) {
  check_mask(tensors.mask, spec.has_mask, spec);
  check_lengths(tensors.lengths, spec.has_lengths, spec);
  check_resets(tensors.resets, spec.has_resets, spec, tensors.x);
  check_packed_arguments(spec, tensors);
  Schedule schedule{.T = spec.T, .B = spec.B, .rules = spec.rules};
  if (spec.has_mask) {
    schedule.mask = tensors.mask->data<bool>();
    schedule.mask_strides = {tensors.mask->stride(0), tensors.mask->stride(1)};
  }
  if (spec.has_lengths) {
    schedule.lengths = tensors.lengths->data<std::int32_t>();
    schedule.length_stride = tensors.lengths->stride(0);
  }
  if (spec.has_resets) {
    schedule.resets = tensors.resets->data<bool>();
    schedule.reset_strides = strides_of(*tensors.resets, packed);
  }
  if (packed != nullptr) packed->add_to(schedule, tensors);
  return schedule;
}

std::size_t reserve_bytes(const RecurrenceSpec& spec, const SessionTensors& tensors, const RunMemory& memory) {
  if (spec.keep == Keep::nothing) return 0;
  if (memory.own_reserve_bytes) return *memory.own_reserve_bytes;
  return reserve_layout(spec, spec.packed ? tensors.x.size(0) : 0).bytes;
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
    const bool fits = state.defined() && state.rank() == 2 && state.size(0) == state_rows(spec) &&
                      state.size(1) == units && state.dtype() == spec.dtype && state.device() == spec.device &&
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
    const Shape shape{state_rows(spec), state_units(spec.cell, static_cast<int>(k))};
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

void check_resets(const std::optional<Tensor>& resets, bool planned, const RecurrenceSpec& spec, const Tensor& x) {
  if (resets.has_value() != planned) {
    throw ValueError("resets", planned ? "none" : "some", planned ? "some, as planned" : "none, as planned");
  }
  const Shape shape = spec.packed ? Shape{x.size(0)} : Shape{spec.T, spec.B};
  if (planned) check_tensor(*resets, {"resets", shape, DType::boolean, spec.device});
}

Shape sequence_shape(const RecurrenceSpec& spec, const Tensor& x, std::int64_t width) {
  if (!spec.packed) return {spec.T, spec.B, width};
  const bool has_rows = x.defined() && x.rank() == 2;
  return {has_rows ? std::min(x.size(0), spec.T * spec.B) : spec.T * spec.B, width};
}

void check_reset_state(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec) {
  if (states.empty()) return;
  if (!spec.has_resets) throw ValueError(name, "some", "none, as no resets are planned");
  const auto expected = static_cast<std::size_t>(state_count(spec.cell.kind));
  if (states.size() != expected) {
    throw ValueError(name, std::to_string(states.size()) + " tensors", std::to_string(expected));
  }
  for (std::size_t k = 0; k < expected; ++k) {
    const std::int64_t units = state_units(spec.cell, static_cast<int>(k));
    const bool one_row = states[k].defined() && states[k].rank() == 1;
    const Shape shape = one_row ? Shape{units} : Shape{state_rows(spec), units};
    check_rows(states[k], {name + "[" + std::to_string(k) + "]", shape, spec.dtype, spec.device});
  }
}

void check_reserve(const std::optional<Tensor>& reserve, std::size_t bytes, const RecurrenceSpec& spec) {
  const bool planned = spec.keep != Keep::nothing;
  if (reserve.has_value() != planned) {
    throw ValueError("reserve", planned ? "none" : "one",
                     planned ? "one, as the spec keeps " + to_string(spec.keep) : "none, as the spec keeps nothing");
  }
  if (!planned) return;
  const bool swaps = swaps_reserve(spec);
  const Device device = swaps ? cpu() : spec.device;
  const bool fits = reserve->defined() && reserve->dtype() == DType::u8 && reserve->device() == device &&
                    reserve->is_contiguous() && static_cast<std::size_t>(reserve->numel()) >= bytes &&
                    reinterpret_cast<std::uintptr_t>(reserve->data()) % Allocator::kAlignment == 0;
  // Copies of other memory would make the host wait.
  const bool locked = !swaps || (fits && cuda_runtime::is_page_locked(reserve->data()));
  if (fits && locked) return;
  throw ValueError("reserve", describe(*reserve) + (fits ? " that is not page-locked" : ""),
                   "at least " + std::to_string(bytes) + " bytes of u8 without gaps on " + to_string(device) +
                       (swaps ? ", page-locked, as swap_memory wants them" : "") + ", aligned to " +
                       std::to_string(Allocator::kAlignment));
}

SequenceBuffer sequence_buffer(const RecurrenceSpec& spec, const SessionTensors& run, const NamedSequence& sequence,
                               const RunMemory& memory) {
  const Shape shape = sequence_shape(spec, run.x, sequence.width);
  const Tensor& tensor = sequence.tensor;
  check_rows(tensor, {sequence.name, shape, spec.dtype, spec.device});
  return {tensor.data(), strides_of(tensor, memory.packed), memory.packed == nullptr ? 0 : tensor.size(0)};
}

BatchBuffer batch_buffer(const RecurrenceSpec& spec, const Tensor& tensor, const char* name) {
  check_rows(tensor, {name, {state_rows(spec), output_units(spec.cell)}, spec.dtype, spec.device});
  return {tensor.data(), tensor.stride(0)};
}

std::array<BatchBuffer, kMaxStates> state_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec) {
  check_states(states, name, spec);
  std::array<BatchBuffer, kMaxStates> buffers;
  for (std::size_t k = 0; k < states.size(); ++k) buffers[k] = {states[k].data(), states[k].stride(0)};
  return buffers;
}

std::array<BatchBuffer, kMaxStates> reset_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec) {
  check_reset_state(states, name, spec);
  std::array<BatchBuffer, kMaxStates> buffers;
  for (std::size_t k = 0; k < states.size(); ++k) {
    buffers[k] = {states[k].data(), states[k].rank() == 1 ? 0 : states[k].stride(0)};
  }
  return buffers;
}

RecurrenceBuffers run_buffers(const RecurrenceSpec& spec, const SessionTensors& tensors, const RunMemory& memory) {
  const std::int64_t features = output_units(spec.cell);
  RecurrenceBuffers buffers;
  buffers.x = sequence_buffer(spec, tensors, {"x", tensors.x, spec.I}, memory);
  buffers.schedule = make_schedule(spec, tensors, memory.packed);
  buffers.initial_state = state_buffers(tensors.initial_state, "initial_state", spec);
  buffers.reset_state = reset_buffers(tensors.reset_state, "reset_state", spec);
  buffers.final_state = state_buffers(tensors.final_state, "final_state", spec);
  if (tensors.y) buffers.y = sequence_buffer(spec, tensors, {"y", *tensors.y, features}, memory);
  if (tensors.last_output) buffers.last_output = batch_buffer(spec, *tensors.last_output, "last_output");
  check_reserve(tensors.reserve, reserve_bytes(spec, tensors, memory), spec);
  if (tensors.reserve) buffers.reserve = tensors.reserve->data();
  buffers.flags = memory.flags;
  return buffers;
}

}  // namespace rondo
