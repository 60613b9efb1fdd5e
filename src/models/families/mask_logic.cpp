#include "models/families/mask_logic.h"

#include <algorithm>

#include "rondo/ops/ops.h"

namespace rondo {
namespace {

Tensor constant(bool value, Device device) { return Tensor::full({}, value ? 1 : 0, DType::boolean, device); }

}  // namespace

Tensor logical_and(const Tensor& a, const Tensor& b) { return where(a, b, constant(false, a.device())); }

Tensor logical_or(const Tensor& a, const Tensor& b) { return where(a, constant(true, a.device()), b); }

Tensor logical_not(const Tensor& mask) {
  return where(mask, constant(false, mask.device()), constant(true, mask.device()));
}

Tensor any_along(const Tensor& mask, int axis) {
  // The maximum of no elements is an error, but the sum of none is 0.
  return sum(mask.to(DType::i32), {axis}).to(DType::boolean);
}

Tensor all_along(const Tensor& mask, int axis) { return logical_not(any_along(logical_not(mask), axis)); }

Tensor lower_triangle(std::int64_t rows, std::int64_t columns, Device device) {
  const Tensor triangle = Tensor::zeros({rows, columns}, DType::boolean);
  for (std::int64_t row = 0; row < rows; ++row) {
    bool* const begin = triangle.data<bool>() + row * columns;
    std::fill(begin, begin + std::min(row + 1, columns), true);
  }
  return triangle.to(device);
}

}  // namespace rondo
