/// Ops, the functions that step functions are written with.
///
/// Every function takes tensors of one device, returns a new row-major tensor there, and never writes its arguments;
/// `split`, `reshape` and `transpose` return views. Elementwise functions broadcast as NumPy does. The operands of a
/// binary function must have one dtype: nothing is promoted, and unequal dtypes throw a `ValueError` that names both.
/// The 16-bit floats are computed in f32 and rounded once at the end; integers wrap around on overflow. Booleans in
/// arithmetic, and integers in the functions called "floating", throw `ValueError`.
/// Names and meanings are those of `tf.keras.backend` for the functions that it has.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/activation.h"

namespace rondo {

// Elementwise, two operands.
/// Returns a + b.
[[nodiscard]] Tensor add(const Tensor& a, const Tensor& b);
/// Returns a - b.
[[nodiscard]] Tensor sub(const Tensor& a, const Tensor& b);
/// Returns a times b.
[[nodiscard]] Tensor mul(const Tensor& a, const Tensor& b);
/// Floating: returns a / b.
[[nodiscard]] Tensor div(const Tensor& a, const Tensor& b);
/// Returns the larger of a and b; NaN where one of them is NaN.
[[nodiscard]] Tensor maximum(const Tensor& a, const Tensor& b);
/// Returns the smaller of a and b; NaN where one of them is NaN.
[[nodiscard]] Tensor minimum(const Tensor& a, const Tensor& b);

/// Returns a plus a number, which takes the tensor's dtype. For integers, a number that is not one of them throws.
[[nodiscard]] Tensor add(const Tensor& a, double b);
/// Returns a times a number, which takes the tensor's dtype as in `add`.
[[nodiscard]] Tensor mul(const Tensor& a, double b);

// Elementwise, one operand.
/// Returns -x.
[[nodiscard]] Tensor neg(const Tensor& x);
/// Floating: returns tanh(x). The formulas of activations are in `rondo/vocabulary/activation.h`.
[[nodiscard]] Tensor tanh(const Tensor& x);
/// Floating: returns 1 / (1 + exp(-x)).
[[nodiscard]] Tensor sigmoid(const Tensor& x);
/// Floating: returns clip(0.2 x + 0.5, 0, 1), as Keras 1 and 2.
[[nodiscard]] Tensor hard_sigmoid(const Tensor& x);
/// Floating: returns clip(x / 6 + 0.5, 0, 1), as Keras 3 and PyTorch.
[[nodiscard]] Tensor hard_sigmoid_keras3(const Tensor& x);
/// Returns max(x, 0).
[[nodiscard]] Tensor relu(const Tensor& x);
/// Returns the activation of x; linear returns `x` itself. Floating, except for linear and relu.
[[nodiscard]] Tensor activate(Activation activation, const Tensor& x);
/// Floating: returns the square root of x; NaN below zero.
[[nodiscard]] Tensor sqrt(const Tensor& x);
/// Floating: returns e to the power of x.
[[nodiscard]] Tensor exp(const Tensor& x);
/// Returns min(max(x, low), high); NaN stays NaN. Throws `ValueError` unless low <= high, or if x has integers and none
/// lies between low and high.
[[nodiscard]] Tensor clip(const Tensor& x, double low, double high);

/// Floating: returns exp(x) over the sum of exp(x) along `axis`, computed from x minus the maximum of x.
[[nodiscard]] Tensor softmax(const Tensor& x, int axis = -1);

/// Chooses elements by `condition` (boolean); all three tensors broadcast. Elements that are not chosen do not affect
/// the result, even if they are NaN or infinite.
[[nodiscard]] Tensor where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false);

/// `keras.backend.dot`: sums over the last axis of `a` and the last but one of `b` (the only one if `b` is a vector).
/// The result has the axes of `a` without the last, then those of `b` without the summed axis. Floating.
[[nodiscard]] Tensor dot(const Tensor& a, const Tensor& b);

/// Matrix products over the last two axes, (..., M, K) x (..., K, N); leading axes broadcast. Floating.
[[nodiscard]] Tensor matmul(const Tensor& a, const Tensor& b);

/// How a convolution treats the border of x.
enum class ConvolutionPadding : std::uint8_t {
  valid,  ///< the kernel stays inside
  same    ///< zeros around x, an odd one behind, give ceil(n / stride) elements for n
};

/// How a convolution steps over its input.
struct ConvolutionOptions {
  /// One number for each spatial axis, or one for all of them; `dilation` as well.
  std::vector<std::int64_t> strides = {1};
  ConvolutionPadding padding = ConvolutionPadding::valid;
  std::vector<std::int64_t> dilation = {1};
};

/// `tf.nn.convolution`, channels last: x (B, N..., C), kernel (K..., C, F), result (B, M..., F), with a K and an M for
/// each N. With one spatial axis result[b, m, f] = sum over k, c of x[b, m stride + k dilation, c] kernel[k, c, f].
/// Floating. Without padding, throws `ValueError` for a kernel that reaches over more elements than x has.
[[nodiscard]] Tensor convolution(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options = {});

/// The shape of the result of `convolution`. Throws as `convolution` does.
[[nodiscard]] Shape convolution_shape(const Shape& x, const Shape& kernel, const ConvolutionOptions& options = {});

// Reductions over some axes (all, when none are given); `keep` leaves them with size 1.
/// Returns sums, added in the order of the indices, whatever the strides: equal arguments give bitwise equal sums.
/// Floats accumulate in f32 or wider.
[[nodiscard]] Tensor sum(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Floating: returns means. The mean of no elements is NaN.
[[nodiscard]] Tensor mean(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Returns maxima; the maximum of elements with a NaN is NaN. Throws `ValueError` for a maximum of no elements.
[[nodiscard]] Tensor max(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);

// Layout.
/// Joins parts along `axis`. All other sizes of the parts must agree.
[[nodiscard]] Tensor concat(const std::vector<Tensor>& parts, int axis = -1);
/// Returns views of `parts` equal parts. Throws `ValueError` if the size of `axis` is not a multiple of `parts`.
[[nodiscard]] std::vector<Tensor> split(const Tensor& x, int parts, int axis = -1);
/// Returns views of parts of the given sizes, which must add up to the size of `axis`.
[[nodiscard]] std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> sizes, int axis = -1);
/// Returns `x.reshape(shape)`: a view where the strides allow it, else a copy.
[[nodiscard]] Tensor reshape(const Tensor& x, const Shape& shape);
/// Returns `x.transpose(order)`, a view.
[[nodiscard]] Tensor transpose(const Tensor& x, std::initializer_list<int> order);

/// Returns zeros of the shape, dtype and device of `x`.
[[nodiscard]] Tensor zeros_like(const Tensor& x);

/// TensorFlow's `sequence_mask`: returns (B, T) booleans, true where t < lengths[b]. `lengths` is a vector of i32 or
/// i64, T is 0 or more.
[[nodiscard]] Tensor sequence_mask(const Tensor& lengths, std::int64_t T);

}  // namespace rondo
