#include "cuda/common/packed_biases.h"

#include "cuda/common/product_weights.h"
#include "cuda/common/result_rows.h"

namespace rondo {

std::shared_ptr<const WeightPack> pack_biases(const RunnerRequest& request) {
  const RecurrenceSpec& spec = request.spec;
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  return packed(request, {.key = "biases",
                          .allocate =
                              [=] {
                                return Tensor::zeros({2, columns}, compute_dtype(spec.dtype), spec.device);
                              },
                          .fill =
                              [spec, columns, weights = request.weights](const Tensor& biases) {
                                const auto fill_row = [&](std::int64_t row, const void* bias) {
                                  if (bias != nullptr) biases.select(0, row).copy_from(view_of(bias, {columns}, spec));
                                };
                                fill_row(0, weights.bias);
                                fill_row(1, weights.recurrent_bias);
                              }});
}

std::shared_ptr<const WeightPack> pack_peepholes(const RunnerRequest& request) {
  if (request.weights.peepholes == nullptr) return nullptr;
  const RecurrenceSpec& spec = request.spec;
  const Shape shape{3, spec.cell.units};
  return packed(request, {.key = "peepholes",
                          .allocate = [=] { return Tensor::empty(shape, compute_dtype(spec.dtype), spec.device); },
                          .fill = [=, peepholes = request.weights.peepholes](
                                      const Tensor& memory) { memory.copy_from(view_of(peepholes, shape, spec)); }});
}

}  // namespace rondo
