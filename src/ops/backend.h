/// What a device implements of rondo/ops.h. The functions there have checked everything by the time they call this:
/// all tensors are on the device, dtypes fit the operation, and `result` is row-major memory of the right shape that
/// no argument shares.
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

enum class BinaryOp : std::uint8_t { add, sub, mul, div };

enum class ReduceOp : std::uint8_t { sum, mean, max };

/// One spatial axis of a convolution: n elements, of which some zeros in front, and behind them as many as it takes.
struct ConvolutionAxis {
  std::int64_t n = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t padded = 0;  ///< n with all zeros
  std::int64_t output = 0;
};

class OpsBackend {
 public:
  virtual ~OpsBackend() = default;

  virtual void unary(const UnaryOp& op, const Tensor& x, const Tensor& result) const = 0;

  /// `a` and `b` are broadcast to the shape of `result` already.
  virtual void binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) const = 0;

  /// All broadcast to the shape of `result` already.
  virtual void where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false,
                     const Tensor& result) const = 0;

  /// `result` has the rank of `x` and size 1 on every axis that disappears.
  virtual void reduce(ReduceOp op, const Tensor& x, const Tensor& result) const = 0;

  /// `axis` counts from 0.
  virtual void softmax(const Tensor& x, int axis, const Tensor& result) const = 0;

  /// a (..., M, K), b (..., K, N), result (..., M, N), leading axes broadcast already.
  virtual void matmul(const Tensor& a, const Tensor& b, const Tensor& result) const = 0;

  /// As rondo/ops.h has it, nothing in it being empty; `axes` are those of `x` between the first and the last. False
  /// where there is no better way than views, copies and a product.
  virtual bool convolution(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes,
                           const Tensor& result) const;

  /// lengths (B,) i32 or i64, result (B, T) booleans.
  virtual void sequence_mask(const Tensor& lengths, const Tensor& result) const = 0;
};

/// What src/cpu/ops/ and src/cuda/ops/ implement; the second is there in a build without CUDA, too, and throws.
const OpsBackend& cpu_ops();
const OpsBackend& cuda_ops();

/// Throws `ValueError` for a device that this build cannot use.
const OpsBackend& backend_of(Device device);

}  // namespace rondo
