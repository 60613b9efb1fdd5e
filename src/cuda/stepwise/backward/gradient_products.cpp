#include "cuda/stepwise/backward/gradient_products.h"

#include "cuda/common/result_rows.h"
#include "cuda/products/product_cache.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

GradientProducts::GradientProducts(const RunnerRequest& request)
    : spec_(request.spec),
      weights_(request.weights),
      rows_(spec_.T * spec_.B),
      columns_(gate_count(spec_.cell.kind) * spec_.cell.units),
      features_(output_units(spec_.cell)) {
  dispatch_cell(spec_.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    columns_before_reset_ = kPhaseGates<Formula, 0> * spec_.cell.units;
    recurrent_.push_back(make_part(kPhaseGates<Formula, 0>));
    if constexpr (kPhases<Formula> == 2) recurrent_.push_back(make_part(kPhaseGates<Formula, 1>));
  });
  inputs_ = make({.M = rows_,
                  .N = spec_.I,
                  .K = columns_,
                  .result_dtype = spec_.dtype,
                  .a = {.row_stride = columns_},
                  .b = {.row_stride = columns_, .transposed = true},
                  .result = {.row_stride = spec_.I}});
  kernel_ = make({.M = spec_.I,
                  .N = columns_,
                  .K = rows_,
                  .result_dtype = compute_dtype(spec_.dtype),
                  .a = {.row_stride = spec_.I, .transposed = true},
                  .b = {.row_stride = columns_},
                  .result = {.row_stride = columns_}});
  if (computes_gates_at_once()) input_sums_ = make_sums(spec_.I, columns_);
  if (weights_.projection != nullptr) make_projection();
}

bool GradientProducts::computes_gates_at_once() const { return spec_.keep == Keep::states && spec_.segment == 0; }

GradientProducts::Made GradientProducts::make(ProductSpec product) const {
  product.dtype = spec_.dtype;
  product.math = spec_.math;
  return cached_product(product, spec_.device);
}

GradientProducts::PartProducts GradientProducts::make_part(int gates) const {
  const std::int64_t columns = gates * spec_.cell.units;
  PartProducts part;
  part.step = make({.M = spec_.B,
                    .N = features_,
                    .K = columns,
                    .result_dtype = compute_dtype(spec_.dtype),
                    .a = {.row_stride = columns_},
                    .b = {.row_stride = columns_, .transposed = true},
                    .result = {.row_stride = features_}});
  part.weights = make({.M = features_,
                       .N = columns,
                       .K = rows_,
                       .result_dtype = compute_dtype(spec_.dtype),
                       .a = {.row_stride = features_, .transposed = true},
                       .b = {.row_stride = columns_},
                       .result = {.row_stride = columns_}});
  if (computes_gates_at_once()) part.sums = make_sums(features_, columns);
  return part;
}

/// (rows, columns) = (rows, K) and weights (K, columns), within rows of G H.
GradientProducts::Made GradientProducts::make_sums(std::int64_t K, std::int64_t columns) const {
  return make({.M = rows_,
               .N = columns,
               .K = K,
               .result_dtype = compute_dtype(spec_.dtype),
               .a = {.row_stride = K},
               .b = {.row_stride = columns_},
               .result = {.row_stride = columns_}});
}

void GradientProducts::make_projection() {
  const std::int64_t H = spec_.cell.units;
  const std::int64_t P = features_;
  const DType dtype = compute_dtype(spec_.dtype);
  through_projection_ = make({.M = spec_.B,
                              .N = H,
                              .K = P,
                              .result_dtype = dtype,
                              .a = {.row_stride = P},
                              .b = {.row_stride = P, .transposed = true},
                              .result = {.row_stride = H}});
  project_ = make({.M = rows_,
                   .N = P,
                   .K = H,
                   .result_dtype = dtype,
                   .a = {.row_stride = H},
                   .b = {.row_stride = P},
                   .result = {.row_stride = P}});
  projection_ = make({.M = H,
                      .N = P,
                      .K = rows_,
                      .result_dtype = dtype,
                      .a = {.row_stride = H, .transposed = true},
                      .b = {.row_stride = P},
                      .result = {.row_stride = P}});
}

std::int64_t GradientProducts::first_column(RecurrentPart part) const {
  return part == RecurrentPart::after_reset ? columns_before_reset_ : 0;
}

namespace {

void run(const Product& product, const GradientOperands& operands, Stream stream) {
  product.run({.a = operands.a, .b = operands.b, .result = operands.result, .workspace = operands.workspace}, stream);
}

void run_with(const Product& product, const void* weights, GradientOperands operands, Stream stream) {
  operands.b = weights;
  run(product, operands, stream);
}

}  // namespace

void GradientProducts::step(RecurrentPart part, GradientOperands operands, Stream stream) const {
  const std::int64_t column = first_column(part);
  operands.a = at_element(operands.a, column, spec_.dtype);
  const Product& product = *recurrent_[part == RecurrentPart::after_reset ? 1 : 0].step;
  run_with(product, at_element(weights_.recurrent_kernel, column, spec_.dtype), operands, stream);
}

void GradientProducts::step_through_projection(const GradientOperands& operands, Stream stream) const {
  run_with(*through_projection_, weights_.projection, operands, stream);
}

void GradientProducts::project(const GradientOperands& operands, Stream stream) const {
  run_with(*project_, weights_.projection, operands, stream);
}

void GradientProducts::input_sums(const GradientOperands& operands, Stream stream) const {
  run_with(*input_sums_, weights_.kernel, operands, stream);
}

void GradientProducts::recurrent_sums(RecurrentPart part, GradientOperands operands, Stream stream) const {
  const std::int64_t column = first_column(part);
  operands.result = at_element(operands.result, column, compute_dtype(spec_.dtype));
  const Product& product = *recurrent_[part == RecurrentPart::after_reset ? 1 : 0].sums;
  run_with(product, at_element(weights_.recurrent_kernel, column, spec_.dtype), operands, stream);
}

void GradientProducts::inputs(const GradientOperands& operands, Stream stream) const {
  run_with(*inputs_, weights_.kernel, operands, stream);
}

void GradientProducts::kernel(const GradientOperands& operands, Stream stream) const {
  run(*kernel_, operands, stream);
}

void GradientProducts::recurrent_kernel(RecurrentPart part, GradientOperands operands, Stream stream) const {
  const std::int64_t column = first_column(part);
  operands.b = at_element(operands.b, column, spec_.dtype);
  operands.result = at_element(operands.result, column, compute_dtype(spec_.dtype));
  run(*recurrent_[part == RecurrentPart::after_reset ? 1 : 0].weights, operands, stream);
}

void GradientProducts::projection(const GradientOperands& operands, Stream stream) const {
  run(*projection_, operands, stream);
}

}  // namespace rondo
