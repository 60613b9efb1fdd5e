/// What a step function is written with. Floor 2.
///
/// Every function takes tensors of one device, returns a new row-major tensor there, and never writes its arguments;
/// `split`, `reshape` and `transpose` return views. Elementwise functions broadcast as NumPy does. Both operands of a
/// binary function have one dtype; there is no promotion: a disagreement is a `ValueError` that names both. The 16-bit
/// floats are computed in f32 and rounded once at the end; integers wrap around where they overflow. Arithmetic on
/// booleans, and integers for the functions called "floating", are a `ValueError`.
/// Names and meanings are those of `tf.keras.backend` where it has the function.
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
Tensor add(const Tensor& a, const Tensor& b);
/// Returns a - b.
Tensor sub(const Tensor& a, const Tensor& b);
/// Returns a times b.
Tensor mul(const Tensor& a, const Tensor& b);
/// Floating: a / b.
Tensor div(const Tensor& a, const Tensor& b);

/// Elementwise with a number, which takes the tensor's dtype: next to integers, a number that is none of them throws.
Tensor add(const Tensor& a, double b);
/// Returns a times a number, which takes the tensor's dtype as in `add`.
Tensor mul(const Tensor& a, double b);

// Elementwise, one operand.
/// Returns -x.
Tensor neg(const Tensor& x);
/// Floating: the formulas are those of `rondo/activation.h`.
Tensor tanh(const Tensor& x);
/// Floating: returns 1 / (1 + exp(-x)).
Tensor sigmoid(const Tensor& x);
/// Keras 1 and 2: clip(0.2 x + 0.5, 0, 1).
Tensor hard_sigmoid(const Tensor& x);
/// Keras 3 and PyTorch: clip(x / 6 + 0.5, 0, 1).
Tensor hard_sigmoid_keras3(const Tensor& x);
/// Returns max(x, 0).
Tensor relu(const Tensor& x);
/// The function of that name; linear gives `x` itself. Floating, but for linear and relu.
Tensor activate(Activation activation, const Tensor& x);
/// Floating: returns e to the power of x.
Tensor exp(const Tensor& x);
/// min(max(x, low), high); NaN stays NaN. Throws `ValueError` unless low <= high, for integers with one between them.
Tensor clip(const Tensor& x, double low, double high);

/// Floating: exp(x) over its sum along `axis`, computed from x minus its maximum.
Tensor softmax(const Tensor& x, int axis = -1);

/// `condition` (boolean) chooses elementwise; all three broadcast. What is not chosen never reaches the result, be it
/// NaN or infinite.
Tensor where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false);

/// `keras.backend.dot`: sums over the last axis of `a` and the last but one of `b` (the only one if `b` is a vector);
/// the shape is a's without its last, then b's without the summed one. Floating.
Tensor dot(const Tensor& a, const Tensor& b);

/// Matrix products over the last two axes, (..., M, K) x (..., K, N); leading axes broadcast. Floating.
Tensor matmul(const Tensor& a, const Tensor& b);

/// What stands around x where the kernel reaches over its border.
enum class ConvolutionPadding : std::uint8_t {
  valid,  ///< the kernel stays inside
  same    ///< zeros, the odd one behind, for ceil(n / stride) elements of n
};

/// Says how a convolution steps over its input.
struct ConvolutionOptions {
  /// One number for each spatial axis, or one for all of them.
  std::vector<std::int64_t> strides = {1};
  ConvolutionPadding padding = ConvolutionPadding::valid;
  std::vector<std::int64_t> dilation = {1};
};

/// `tf.nn.convolution`, channels last: x (B, N..., C), kernel (K..., C, F), result (B, M..., F), as many K and M as N;
/// for one spatial axis result[b, m, f] = sum over k, c of x[b, m stride + k dilation, c] kernel[k, c, f]. Floating.
/// Throws `ValueError` for a kernel that reaches over more than x has, without padding.
Tensor convolution(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options = {});

/// The shape of its result; throws as it.
Shape convolution_shape(const Shape& x, const Shape& kernel, const ConvolutionOptions& options = {});

// Reductions over some axes (all, when none are given); `keep` leaves them with size 1.
/// In the order of the indices, whatever the strides: equal arguments give bitwise equal sums. Floats accumulate in f32
/// or wider.
Tensor sum(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Floating; NaN where there is nothing to take the mean of.
Tensor mean(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Throws `ValueError` when there is nothing to take the maximum of. NaN wins.
Tensor max(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);

// Layout.
/// All parts agree on every size but that of `axis`.
Tensor concat(const std::vector<Tensor>& parts, int axis = -1);
/// Views of equal parts; throws `ValueError` when the size is not a multiple of `parts`.
std::vector<Tensor> split(const Tensor& x, int parts, int axis = -1);
/// Views of parts of the given sizes, which add up to the size of `axis`.
std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> sizes, int axis = -1);
/// Returns `x.reshape(shape)`: a view where the strides allow it, else a copy.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Returns `x.transpose(order)`, a view.
Tensor transpose(const Tensor& x, std::initializer_list<int> order);

/// Returns zeros of the shape, dtype and device of `x`.
Tensor zeros_like(const Tensor& x);

/// (B, T) booleans, true where t < lengths[b]; `lengths` is a vector of i32 or i64, T is 0 or more. TensorFlow's
/// `sequence_mask`.
Tensor sequence_mask(const Tensor& lengths, std::int64_t T);

}  // namespace rondo
