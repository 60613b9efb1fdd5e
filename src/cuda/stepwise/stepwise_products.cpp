#include "cuda/stepwise/stepwise_products.h"

#include "cuda/common/result_rows.h"
#include "cuda/products/product_cache.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

StepwiseProducts::StepwiseProducts(const RunnerRequest& request)
    : spec_(request.spec),
      columns_(gate_count(spec_.cell.kind) * spec_.cell.units),
      weights_(request, {"recurrent_kernel", request.weights.recurrent_kernel, output_units(spec_.cell), columns_}) {
  dispatch_cell(spec_.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    gates_before_reset_ = Formula::kProductsBeforeReset;
    recurrent_.push_back(recurrent_product(gates_before_reset_));
    if constexpr (kPhases<Formula> == 2) recurrent_.push_back(recurrent_product(kPhaseGates<Formula, 1>));
  });
  if (request.weights.projection != nullptr) make_projection(request);
}

std::shared_ptr<const Product> StepwiseProducts::recurrent_product(int gates) const {
  const std::int64_t K = output_units(spec_.cell);
  return cached_product({.M = spec_.B,
                         .N = gates * spec_.cell.units,
                         .K = K,
                         .dtype = spec_.dtype,
                         .result_dtype = compute_dtype(spec_.dtype),
                         .math = spec_.math,
                         .a = {.row_stride = K},
                         .b = weights_.layout(),
                         .result = {.row_stride = columns_}},
                        spec_.device);
}

void StepwiseProducts::make_projection(const RunnerRequest& request) {
  const std::int64_t H = spec_.cell.units;
  const std::int64_t P = output_units(spec_.cell);
  projection_weights_.emplace(request, NamedMatrix{"projection", request.weights.projection, H, P});
  projection_ = cached_product({.M = spec_.B,
                                .N = P,
                                .K = H,
                                .dtype = spec_.dtype,
                                .result_dtype = compute_dtype(spec_.dtype),
                                .math = spec_.math,
                                .a = {.row_stride = H},
                                .b = projection_weights_->layout(),
                                .result = {.row_stride = P}},
                               spec_.device);
}

void StepwiseProducts::multiply_states(RecurrentPart part, const void* rows, void* sums, void* workspace,
                                       Stream stream) const {
  const bool after = part == RecurrentPart::after_reset;
  const std::int64_t column = after ? gates_before_reset_ * spec_.cell.units : 0;
  recurrent_[after ? 1 : 0]->run({.a = rows,
                                  .b = weights_.from_column(column),
                                  .result = at_element(sums, column, compute_dtype(spec_.dtype)),
                                  .workspace = workspace},
                                 stream);
}

void StepwiseProducts::project(const void* rows, void* sums, void* workspace, Stream stream) const {
  projection_->run({.a = rows, .b = projection_weights_->from_column(0), .result = sums, .workspace = workspace},
                   stream);
}

}  // namespace rondo
