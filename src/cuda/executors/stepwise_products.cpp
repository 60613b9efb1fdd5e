#include "cuda/executors/stepwise_products.h"

#include <algorithm>

#include "cuda/products/product_cache.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {
namespace {

/// One of the two axes, T or B, that the rows of x are counted by.
struct Axis {
  std::int64_t size;
  std::int64_t x_stride;
  bool flipped = false;  ///< walked from its end: products take no negative stride
};

Axis walked_forward(std::int64_t size, std::int64_t stride) {
  return stride < 0 ? Axis{size, -stride, true} : Axis{size, stride};
}

/// Rows of a stored matrix must not overlap.
bool can_be_rows(const Axis& axis, std::int64_t I) { return axis.size <= 1 || axis.x_stride >= I; }

std::int64_t row_stride(const Axis& axis, std::int64_t I) { return std::max(axis.x_stride, I); }

const void* advance(const void* data, std::int64_t elements, DType dtype) {
  return static_cast<const std::byte*>(data) + elements * static_cast<std::int64_t>(size_of(dtype));
}
void* advance(void* data, std::int64_t elements, DType dtype) {
  return static_cast<std::byte*>(data) + elements * static_cast<std::int64_t>(size_of(dtype));
}

// Measured on an H200: with the weights' K innermost, TF32 products are up to 1.3 times faster, strict f32 ones of few
// rows 1.1 times, and of a small K a little; of larger ones cuBLASLt then has no kernels that cut K, and may lose.
bool transposes_weights(const RecurrenceSpec& spec) {
  constexpr std::int64_t kFewRows = 8;
  constexpr std::int64_t kSmallK = 512;
  if (spec.dtype != DType::f32 || spec.I == 0) return false;
  return spec.math == MatrixMath::tf32 || spec.B <= kFewRows || spec.cell.units <= kSmallK;
}

/// (columns, rows) of a (rows, columns) matrix in device memory.
Tensor transposed(const void* matrix, std::int64_t rows, std::int64_t columns, const RecurrenceSpec& spec) {
  // The borrowed view is only read from, which the type of a tensor's data cannot say.
  const Tensor view = Tensor::borrow_device(const_cast<void*>(matrix), {rows, columns}, spec.dtype, spec.device);
  return view.swap_axes(0, 1).clone();
}

}  // namespace

InputProjection project_inputs(const RecurrenceSpec& spec, TimeBatchStrides x_strides, std::int64_t columns) {
  const std::int64_t I = spec.I;
  const Axis time = walked_forward(spec.T, x_strides.time);
  const Axis batch = walked_forward(spec.B, x_strides.batch);
  const bool rows_are_time =
      !can_be_rows(batch, I) || (can_be_rows(time, I) && batch.x_stride == time.size * time.x_stride);
  const Axis& rows = rows_are_time ? time : batch;
  const Axis& outer = rows_are_time ? batch : time;

  InputProjection projection{.x_strides = x_strides};
  ProductSpec& product = projection.spec;
  product = {.M = rows.size,
             .N = columns,
             .K = I,
             .batch = outer.size,
             .dtype = spec.dtype,
             .math = spec.math,
             .a = {.row_stride = row_stride(rows, I), .batch_stride = outer.x_stride},
             .b = {.row_stride = columns},
             .result = {.row_stride = columns, .batch_stride = rows.size * columns}};
  if (!can_be_rows(rows, I)) {  // both axes overlap: one row a matrix
    product.M = 1;
    product.a.row_stride = I;
    projection.repeats = rows.size;
    projection.x_repeat_stride = rows.x_stride;
    projection.sums_repeat_stride = columns;
  } else if (outer.x_stride == rows.size * rows.x_stride || outer.size <= 1) {  // the rows of all matrices are one run
    product.M = rows.size * outer.size;
    product.batch = 1;
  }
  TimeBatchStrides& sums = projection.sums_strides;
  sums = rows_are_time ? TimeBatchStrides{columns, spec.T * columns} : TimeBatchStrides{spec.B * columns, columns};
  if (time.flipped) {
    projection.x_offset += (spec.T - 1) * x_strides.time;
    projection.sums_offset += (spec.T - 1) * sums.time;
    sums.time = -sums.time;
  }
  if (batch.flipped) {
    projection.x_offset += (spec.B - 1) * x_strides.batch;
    projection.sums_offset += (spec.B - 1) * sums.batch;
    sums.batch = -sums.batch;
  }
  return projection;
}

StepwiseProducts::StepwiseProducts(const RunnerRequest& request)
    : request_(request),
      columns_(gate_count(request.spec.cell.kind) * request.spec.cell.units),
      sum_dtype_(request.spec.dtype == DType::f64 ? DType::f64 : DType::f32) {
  if (transposes_weights(request_.spec)) {
    transposed_kernel_ = transposed(request_.weights.kernel, request_.spec.I, columns_, request_.spec);
    transposed_recurrent_kernel_ =
        transposed(request_.weights.recurrent_kernel, request_.spec.cell.units, columns_, request_.spec);
  }
  dispatch_cell(request_.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    gates_before_reset_ = Formula::kProductsBeforeReset;
    recurrent_.push_back(recurrent_product(gates_before_reset_));
    constexpr int kAfterReset = Formula::kGates - Formula::kProductsBeforeReset;
    if constexpr (kAfterReset > 0) recurrent_.push_back(recurrent_product(kAfterReset));
  });
}

std::shared_ptr<const Product> StepwiseProducts::recurrent_product(int gates) const {
  const std::int64_t H = request_.spec.cell.units;
  // A layer makes a session for each call: the same products come again.
  return cached_product({.M = request_.spec.B,
                         .N = gates * H,
                         .K = H,
                         .dtype = request_.spec.dtype,
                         .result_dtype = sum_dtype_,
                         .math = request_.spec.math,
                         .a = {.row_stride = H},
                         .b = weight_layout(H),
                         .result = {.row_stride = columns_}},
                        request_.spec.device);
}

MatrixLayout StepwiseProducts::weight_layout(std::int64_t K) const {
  const bool transposed = transposed_kernel_.defined();
  return {.row_stride = transposed ? K : columns_, .transposed = transposed};
}

const StepwiseProducts::Projected& StepwiseProducts::projected(TimeBatchStrides x_strides) {
  const auto known = std::ranges::find_if(
      projected_, [&](const Projected& projected) { return projected.projection.x_strides == x_strides; });
  if (known != projected_.end()) return *known;
  InputProjection projection = project_inputs(request_.spec, x_strides, columns_);
  projection.spec.result_dtype = sum_dtype_;
  projection.spec.b = weight_layout(request_.spec.I);
  projected_.push_back({projection, cached_product(projection.spec, request_.spec.device)});
  return projected_.back();
}

const InputProjection& StepwiseProducts::input_projection(TimeBatchStrides x_strides) {
  return projected(x_strides).projection;
}

void StepwiseProducts::multiply_inputs(const RecurrenceBuffers& buffers, void* sums, void* workspace, Stream stream) {
  const auto& [projection, product] = projected(buffers.x.strides);
  const DType dtype = request_.spec.dtype;
  for (std::int64_t repeat = 0; repeat < projection.repeats; ++repeat) {
    product->run({.a = advance(static_cast<const void*>(buffers.x.data),
                               projection.x_offset + repeat * projection.x_repeat_stride, dtype),
                  .b = transposed_kernel_.defined() ? transposed_kernel_.data() : request_.weights.kernel,
                  .result = advance(sums, repeat * projection.sums_repeat_stride, sum_dtype_),
                  .workspace = workspace},
                 stream);
  }
}

void StepwiseProducts::multiply_states(RecurrentPart part, const void* rows, void* sums, void* workspace,
                                       Stream stream) const {
  const bool after = part == RecurrentPart::after_reset;
  const std::int64_t column = after ? gates_before_reset_ * request_.spec.cell.units : 0;
  const void* kernel = transposed_recurrent_kernel_.defined()
                           ? advance(static_cast<const void*>(transposed_recurrent_kernel_.data()),
                                     column * request_.spec.cell.units, request_.spec.dtype)
                           : advance(request_.weights.recurrent_kernel, column, request_.spec.dtype);
  recurrent_[after ? 1 : 0]->run(
      {.a = rows, .b = kernel, .result = advance(sums, column, sum_dtype_), .workspace = workspace}, stream);
}

}  // namespace rondo
