/// Logic of masks: tensors of booleans, which broadcast.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

[[nodiscard]] Tensor logical_and(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor logical_or(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor logical_not(const Tensor& mask);
/// Whether any element along an axis is true; the axis goes.
[[nodiscard]] Tensor any_along(const Tensor& mask, int axis);
/// Whether all elements along an axis are true; the axis goes.
[[nodiscard]] Tensor all_along(const Tensor& mask, int axis);
/// (rows, columns): true where the column is not behind the row.
[[nodiscard]] Tensor lower_triangle(std::int64_t rows, std::int64_t columns, Device device);

}  // namespace rondo
