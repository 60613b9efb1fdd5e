/// The part of rondo/ops/ops.h that each device implements. The public functions check everything before they call a
/// backend: all tensors are on the device, dtypes fit the operation, and `result` is row-major memory of the right
/// shape that no argument shares.
#pragma once

#include <cstdint>
#include <span>

#include "rondo/tensor/tensor.h"

namespace rondo {

enum class UnaryKind : std::uint8_t {
  // all numbers
  neg,
  relu,
  clip,
  add_number,
  mul_number,
  // floats
  sqrt,
  tanh,
  sigmoid,
  hard_sigmoid,
  hard_sigmoid_keras3,
  exp,
};

/// An elementwise function of one tensor with its constants.
struct UnaryOp {
  UnaryKind kind;
  /// The number of add_number and mul_number, the lower bound of clip.
  double first = 0;
  /// The upper bound of clip.
  double second = 0;
};

enum class BinaryOp : std::uint8_t { add, sub, mul, div, maximum, minimum };

enum class ReduceOp : std::uint8_t { sum, mean, max };

/// One spatial axis of a convolution: n elements, `before` zeros in front of them, and further zeros up to `padded`.
struct ConvolutionAxis {
  std::int64_t n = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t padded = 0;  ///< n plus all zeros
  std::int64_t output = 0;
};

class OpsBackend {
 public:
  virtual ~OpsBackend() = default;

  virtual void unary(const UnaryOp& op, const Tensor& x, const Tensor& result) const = 0;

  /// `a` and `b` are broadcast to the shape of `result` already.
  virtual void binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) const = 0;

  /// All arguments are broadcast to the shape of `result` already.
  virtual void where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false,
                     const Tensor& result) const = 0;

  /// `result` has the rank of `x`, and size 1 on every reduced axis.
  virtual void reduce(ReduceOp op, const Tensor& x, const Tensor& result) const = 0;

  /// `axis` counts from 0.
  virtual void softmax(const Tensor& x, int axis, const Tensor& result) const = 0;

  /// Shapes: a (..., M, K), b (..., K, N), result (..., M, N); leading axes are broadcast already.
  virtual void matmul(const Tensor& a, const Tensor& b, const Tensor& result) const = 0;

  /// The convolution of rondo/ops/ops.h for tensors that are not empty; `axes` are those of `x` between the first and
  /// the last. Returns false if the device has nothing better than views, copies and a product, which the caller uses.
  virtual bool convolution(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes,
                           const Tensor& result) const;

  /// Shapes: lengths (B,) of i32 or i64, result (B, T) of booleans.
  virtual void sequence_mask(const Tensor& lengths, const Tensor& result) const = 0;
};

/// The backends of src/cpu/ops/ and src/cuda/ops/. In a build without CUDA, cuda_ops() throws.
const OpsBackend& cpu_ops();
const OpsBackend& cuda_ops();

/// Throws `ValueError` for a device that this build cannot use.
const OpsBackend& backend_of(Device device);

}  // namespace rondo
