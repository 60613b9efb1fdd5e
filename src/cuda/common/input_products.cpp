#include "cuda/common/input_products.h"

#include <algorithm>

#include "cuda/common/result_rows.h"
#include "cuda/products/product_cache.h"

namespace rondo {
namespace {

/// One of the two axes, T or B, that the rows of x are counted by.
struct Axis {
  std::int64_t size;
  std::int64_t x_stride;
  bool flipped = false;  ///< whether rows are counted from its end, because products take no negative stride
};

Axis walked_forward(std::int64_t size, std::int64_t stride) {
  return stride < 0 ? Axis{size, -stride, true} : Axis{size, stride};
}

/// Whether rows of an axis can be those of a matrix: they must not overlap.
bool can_be_rows(const Axis& axis, std::int64_t I) { return axis.size <= 1 || axis.x_stride >= I; }

std::int64_t row_stride(const Axis& axis, std::int64_t I) { return std::max(axis.x_stride, I); }

/// At least half of `rows`, and at most `rows`: a number of few binary digits, of which there are few.
std::int64_t rounded_half(std::int64_t rows) {
  constexpr std::int64_t kMostDigits = 16;  // 8 numbers between two powers of two
  std::int64_t unit = 1;
  while (rows / 2 / unit >= kMostDigits) unit *= 2;
  return std::min(rows, ((rows + 1) / 2 + unit - 1) / unit * unit);
}

// Packed batches have many numbers of rows.
constexpr std::size_t kMostProjections = 64;

/// The kernel (I, G H) with its columns in the order of `order`: (I, H G); null where it is in that order already.
std::shared_ptr<const WeightPack> reordered(const RunnerRequest& request, SumOrder order) {
  const RecurrenceSpec& spec = request.spec;
  if (order == SumOrder::gates_first || spec.I == 0) return nullptr;
  const Shape shape{spec.I, gate_count(spec.cell.kind), spec.cell.units};
  return packed(
      request, {.key = "kernel with units first",
                .allocate =
                    [=] {
                      return Tensor::empty({shape[0], shape[2], shape[1]}, spec.dtype, spec.device);
                    },
                .fill = [=, kernel = request.weights.kernel](
                            const Tensor& memory) { memory.copy_from(view_of(kernel, shape, spec).swap_axes(1, 2)); }});
}

NamedMatrix input_kernel(const RunnerRequest& request, const WeightPack* reordered, std::int64_t columns) {
  if (reordered != nullptr) return {"kernel with units first", reordered->data(), request.spec.I, columns};
  return {"kernel", request.weights.kernel, request.spec.I, columns};
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

InputProjection project_packed_inputs(const RecurrenceSpec& spec, const SequenceBuffer& x, std::int64_t columns) {
  const std::int64_t rows = x.packed_rows;
  const std::int64_t M = rounded_half(rows);
  const std::int64_t stride = row_stride(Axis{rows, x.strides.batch}, spec.I);
  InputProjection projection{.x_strides = x.strides, .packed_rows = rows};
  projection.spec = {.M = M,
                     .N = columns,
                     .K = spec.I,
                     .batch = 1,
                     .dtype = spec.dtype,
                     .math = spec.math,
                     .a = {.row_stride = stride, .batch_stride = M * stride},
                     .b = {.row_stride = columns},
                     .result = {.row_stride = columns, .batch_stride = M * columns}};
  if (M < rows) {
    projection.repeats = 2;
    projection.x_repeat_stride = (rows - M) * stride;
    projection.sums_repeat_stride = (rows - M) * columns;
  }
  projection.sums_strides = {.batch = columns, .first_rows = x.strides.first_rows};
  return projection;
}

InputProducts::InputProducts(const RunnerRequest& request, SumOrder order)
    : spec_(request.spec),
      columns_(gate_count(spec_.cell.kind) * spec_.cell.units),
      reordered_(reordered(request, order)),
      weights_(request, input_kernel(request, reordered_.get(), columns_)) {}

const InputProducts::Projected& InputProducts::projected(const SequenceBuffer& x) {
  const auto known = std::ranges::find_if(projected_, [&](const Projected& projected) {
    return projected.projection.x_strides == x.strides && projected.projection.packed_rows == x.packed_rows;
  });
  if (known != projected_.end()) return *known;
  if (projected_.size() == kMostProjections) projected_.erase(projected_.begin());
  InputProjection projection = x.strides.first_rows == nullptr ? project_inputs(spec_, x.strides, columns_)
                                                               : project_packed_inputs(spec_, x, columns_);
  projection.spec.result_dtype = compute_dtype(spec_.dtype);
  projection.spec.b = weights_.layout();
  projected_.push_back({projection, cached_product(projection.spec, spec_.device)});
  return projected_.back();
}

const InputProjection& InputProducts::input_projection(const SequenceBuffer& x) { return projected(x).projection; }

void InputProducts::multiply_inputs(const RecurrenceBuffers& buffers, void* sums, void* workspace, Stream stream) {
  const auto& [projection, product] = projected(buffers.x);
  for (std::int64_t repeat = 0; repeat < projection.repeats; ++repeat) {
    const std::int64_t first = projection.x_offset + repeat * projection.x_repeat_stride;
    product->run({.a = at_element(static_cast<const void*>(buffers.x.data), first, spec_.dtype),
                  .b = weights_.from_column(0),
                  .result = at_element(sums, repeat * projection.sums_repeat_stride, compute_dtype(spec_.dtype)),
                  .workspace = workspace},
                 stream);
  }
}

}  // namespace rondo
