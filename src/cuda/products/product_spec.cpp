// What every implementation of product.h shares.

#include "cuda/products/product.h"
#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string shape_text(std::int64_t rows, std::int64_t columns, const MatrixLayout& layout) {
  return "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")" +
         (layout.transposed ? " transposed, stride " : " stride ") + std::to_string(layout.row_stride) +
         (layout.batch_stride == 0 ? "" : " and " + std::to_string(layout.batch_stride));
}

bool has_rows(const MatrixLayout& layout, std::int64_t rows, std::int64_t columns) {
  const std::int64_t count = layout.transposed ? columns : rows;
  const std::int64_t length = layout.transposed ? rows : columns;
  return layout.batch_stride >= 0 && (count <= 1 || layout.row_stride >= length);
}

bool has_dtypes(const ProductSpec& spec) {
  const bool widened = spec.result_dtype == DType::f32 && spec.dtype != DType::f64;
  return is_floating(spec.dtype) && (spec.result_dtype == spec.dtype || widened);
}

}  // namespace

void check_product(const ProductSpec& spec) {
  const bool rows = has_rows(spec.a, spec.M, spec.K) && has_rows(spec.b, spec.K, spec.N) &&
                    has_rows(spec.result, spec.M, spec.N) && !spec.result.transposed;
  if (rows && has_dtypes(spec)) return;
  throw ValueError(
      "spec of a product", in_words(spec),
      "floating operands, a result of their dtype or f32, rows that do not overlap, and no negative stride");
}

std::string in_words(const ProductSpec& spec) {
  return to_string(spec.dtype) + " " + shape_text(spec.M, spec.K, spec.a) + " x " + shape_text(spec.K, spec.N, spec.b) +
         " to " + to_string(spec.result_dtype) + " " + shape_text(spec.M, spec.N, spec.result) + ", batch " +
         std::to_string(spec.batch) + ", " + to_string(spec.math);
}

void fill_result_with_zeros(const ProductSpec& spec, void* result, Stream stream) {
  if (spec.M == 0 || spec.N == 0) return;
  const std::size_t element = size_of(spec.result_dtype);
  const bool rows_join = spec.M <= 1 || spec.result.row_stride == spec.N;
  const std::int64_t rows = rows_join ? 1 : spec.M;
  const std::int64_t row_length = rows_join ? spec.M * spec.N : spec.N;
  for (std::int64_t matrix = 0; matrix < spec.batch; ++matrix) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t offset = matrix * spec.result.batch_stride + row * spec.result.row_stride;
      cuda_runtime::fill_zeros(static_cast<std::byte*>(result) + static_cast<std::size_t>(offset) * element,
                               static_cast<std::size_t>(row_length) * element, stream);
    }
  }
}

}  // namespace rondo
