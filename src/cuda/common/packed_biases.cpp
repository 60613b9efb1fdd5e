#include "cuda/common/packed_biases.h"

#include "cuda/common/result_rows.h"

namespace rondo {

Tensor pack_biases(const RunnerRequest& request) {
  const RecurrenceSpec& spec = request.spec;
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  const Tensor biases = Tensor::zeros({2, columns}, compute_dtype(spec.dtype), spec.device);
  const auto pack = [&](std::int64_t row, const void* bias) {
    if (bias == nullptr) return;
    // The borrowed view is only read from, which the type of a tensor's data cannot say.
    biases.select(0, row).copy_from(Tensor::borrow_device(const_cast<void*>(bias), {columns}, spec.dtype, spec.device));
  };
  pack(0, request.weights.bias);
  pack(1, request.weights.recurrent_bias);
  return biases;
}

Tensor pack_peepholes(const RunnerRequest& request) {
  if (request.weights.peepholes == nullptr) return {};
  const RecurrenceSpec& spec = request.spec;
  const Tensor packed = Tensor::empty({3, spec.cell.units}, compute_dtype(spec.dtype), spec.device);
  // The borrowed view is only read from.
  packed.copy_from(Tensor::borrow_device(const_cast<void*>(request.weights.peepholes), {3, spec.cell.units}, spec.dtype,
                                         spec.device));
  return packed;
}

}  // namespace rondo
