#include "formats/onnx/onnx_quantized.h"

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Numbers of directions, or of columns, as (D, 1, 1) or (D, 1, 4 H).
Tensor for_columns(const char* name, const Tensor& numbers, const Tensor& weights) {
  const Shape each{weights.size(0)};
  const Shape columns{weights.size(0), weights.size(2)};
  if (numbers.shape() != each && numbers.shape() != columns) {
    throw ValueError(name, describe(numbers), "shape " + to_string(each) + " or " + to_string(columns));
  }
  const Tensor floats = numbers.to(DType::f32);
  return numbers.rank() == 1 ? floats.insert_axis(1).insert_axis(2) : floats.insert_axis(1);
}

}  // namespace

Tensor dequantized_rows(const Tensor& weights, const Tensor& scale, const Tensor& zero_point) {
  if (weights.rank() != 3 || is_floating(weights.dtype())) {
    throw ValueError("W and R", describe(weights), "integers of shape (D, I, 4 H)");
  }
  if (!is_floating(scale.dtype()) || is_floating(zero_point.dtype())) {
    throw ValueError("scale and zero point", describe(scale) + " and " + describe(zero_point), "floats and integers");
  }
  const Tensor steps = sub(weights.to(DType::f32), for_columns("zero point", zero_point, weights));
  return mul(steps, for_columns("scale", scale, weights)).swap_axes(1, 2).contiguous();
}

}  // namespace rondo
