#include "plan/gradient_tensors.h"

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

struct NamedGradient {
  std::string name;
  const std::optional<Tensor>& gradient;
  bool exists;  ///< whether the cell has the weight
  Shape shape;
};

/// Checks the gradient of a weight, and returns its address; null: not wanted. All gradients have the dtype `dtype`.
void* weight_gradient(const RecurrenceSpec& spec, const NamedGradient& named, std::optional<DType>& dtype) {
  if (!named.gradient) return nullptr;
  const Tensor& tensor = *named.gradient;
  if (!named.exists) throw ValueError(named.name, describe(tensor), "none, as the cell has no such weight");
  const bool may_have =
      tensor.defined() && (tensor.dtype() == spec.dtype || (tensor.dtype() == DType::f32 && size_of(spec.dtype) == 2));
  check_tensor(tensor, {named.name, named.shape, dtype.value_or(may_have ? tensor.dtype() : spec.dtype), spec.device});
  if (!tensor.is_contiguous()) throw ValueError(named.name, "a tensor with gaps", "one without");
  dtype = tensor.dtype();
  return tensor.data();
}

WeightGradientBuffers weight_gradients(const RecurrenceSpec& spec, const SessionGradients& gradients) {
  const CellSpec& cell = spec.cell;
  const WeightGradients& weights = gradients.weights;
  const std::int64_t columns = gate_count(cell.kind) * cell.units;
  const std::int64_t features = output_units(cell);
  const bool two_rows = bias_rows(cell) == 2;
  std::optional<DType> dtype;
  const auto address = [&](const char* name, const std::optional<Tensor>& gradient, bool exists, const Shape& shape) {
    return weight_gradient(spec, {std::string("gradients.weights.") + name, gradient, exists, shape}, dtype);
  };
  WeightGradientBuffers buffers;
  buffers.kernel = address("kernel", weights.kernel, true, {spec.I, columns});
  buffers.recurrent_kernel = address("recurrent_kernel", weights.recurrent_kernel, true, {features, columns});
  buffers.bias = address("bias", weights.bias, cell.use_bias, two_rows ? Shape{2, columns} : Shape{columns});
  if (buffers.bias != nullptr && two_rows) buffers.recurrent_bias = weights.bias->select(0, 1).data();
  buffers.peepholes = address("peepholes", weights.peepholes, cell.use_peepholes, {3, cell.units});
  buffers.projection =
      address("projection", weights.projection, cell.projection_units.has_value(), {cell.units, features});
  buffers.dtype = dtype.value_or(spec.dtype);
  buffers.accumulate = gradients.accumulate_weights;
  return buffers;
}

}  // namespace

SessionTensors kept_of(const SessionTensors& run) {
  SessionTensors kept = run;
  kept.initial_state.clear();
  kept.y.reset();
  kept.last_output.reset();
  kept.final_state.clear();
  return kept;
}

GradientBuffers gradient_buffers(const RecurrenceSpec& spec, const SessionTensors& run,
                                 const SessionGradients& gradients, const RunMemory& memory) {
  GradientBuffers buffers;
  buffers.run = run_buffers(spec, run, memory);
  buffers.reserve_use = gradients.reserve_use;
  if (gradients.y) {
    buffers.d_y = sequence_buffer(spec, run, {"gradients.y", *gradients.y, output_units(spec.cell)}, memory);
  }
  if (gradients.last_output) {
    buffers.d_last_output = batch_buffer(spec, *gradients.last_output, "gradients.last_output");
  }
  buffers.d_final_state = state_buffers(gradients.final_state, "gradients.final_state", spec);
  if (gradients.x) buffers.d_x = sequence_buffer(spec, run, {"gradients.x", *gradients.x, spec.I}, memory);
  buffers.accumulates_x = gradients.accumulate_x;
  buffers.d_initial_state = state_buffers(gradients.initial_state, "gradients.initial_state", spec);
  buffers.d_reset_state = reset_buffers(gradients.reset_state, "gradients.reset_state", spec);
  buffers.d_weights = weight_gradients(spec, gradients);
  return buffers;
}

}  // namespace rondo
