#include "cuda/executors/packed_biases.h"

#include "cuda/executors/result_rows.h"

namespace rondo {

Tensor pack_biases(const RunnerRequest& request) {
  const RecurrenceSpec& spec = request.spec;
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  const Tensor biases = Tensor::zeros({2, columns}, sum_dtype(spec.dtype), spec.device);
  const auto pack = [&](std::int64_t row, const void* bias) {
    if (bias == nullptr) return;
    // The borrowed view is only read from, which the type of a tensor's data cannot say.
    biases.select(0, row).copy_from(Tensor::borrow_device(const_cast<void*>(bias), {columns}, spec.dtype, spec.device));
  };
  pack(0, request.weights.bias);
  pack(1, request.weights.recurrent_bias);
  return biases;
}

}  // namespace rondo
