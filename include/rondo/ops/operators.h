/// Operators on tensors, for step functions and cells: each calls the op of ops.h with the same meaning.
///
/// @code
/// // An exponential moving average. Nests of one tensor convert.
/// auto step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
///   Tensor average = 0.9 * states[0] + 0.1 * x;
///   return {average, {average}};
/// };
/// @endcode
#pragma once

#include "rondo/ops/ops.h"

namespace rondo {

/// Returns add(a, b).
[[nodiscard]] inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
/// Returns sub(a, b).
[[nodiscard]] inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
/// Returns mul(a, b).
[[nodiscard]] inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
/// Returns div(a, b).
[[nodiscard]] inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
/// Returns neg(x).
[[nodiscard]] inline Tensor operator-(const Tensor& x) { return neg(x); }

/// Returns a plus a number.
[[nodiscard]] inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
/// Returns a number plus b.
[[nodiscard]] inline Tensor operator+(double a, const Tensor& b) { return add(b, a); }
/// Returns a minus a number.
[[nodiscard]] inline Tensor operator-(const Tensor& a, double b) { return add(a, -b); }
/// Returns a number minus b.
[[nodiscard]] inline Tensor operator-(double a, const Tensor& b) { return add(neg(b), a); }
/// Returns a times a number.
[[nodiscard]] inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
/// Returns a number times b.
[[nodiscard]] inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
/// Returns a divided by a number.
[[nodiscard]] inline Tensor operator/(const Tensor& a, double b) {
  return div(a, Tensor::full({}, b, a.dtype(), a.device()));
}
/// Returns a number divided by b.
[[nodiscard]] inline Tensor operator/(double a, const Tensor& b) {
  return div(Tensor::full({}, a, b.dtype(), b.device()), b);
}

}  // namespace rondo
