// Batches of matrix products.

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "cuda/ops/cuda_ops.h"
#include "cuda/products/product_cache.h"
#include "rondo/tensor/stream.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

Shape leading(const Shape& shape) { return shape.erase(-1).erase(-1); }

/// Stored rows: `count` of `length` elements. An axis of size 1 may have any stride.
bool are_rows(std::int64_t count, std::int64_t stride, std::int64_t length, std::int64_t step) {
  return (length <= 1 || step == 1) && (count <= 1 || stride >= length);
}

/// The layout of the last two axes, where a product can take them without a copy.
std::optional<MatrixLayout> matrix_layout(const Tensor& x) {
  const std::int64_t rows = x.size(-2);
  const std::int64_t columns = x.size(-1);
  if (are_rows(rows, x.stride(-2), columns, x.stride(-1))) {
    return MatrixLayout{.row_stride = rows <= 1 ? columns : x.stride(-2)};
  }
  if (are_rows(columns, x.stride(-1), rows, x.stride(-2))) {
    return MatrixLayout{.row_stride = columns <= 1 ? rows : x.stride(-1), .transposed = true};
  }
  return std::nullopt;
}

/// A copy without gaps of what is there: axes along which x repeats itself stay repeated.
Tensor packed(const Tensor& x) {
  Tensor once = x;
  for (int axis = 0; axis < x.rank() - 2; ++axis) {
    if (x.stride(axis) == 0 && x.size(axis) > 1) once = once.slice(axis, 0, 1);
  }
  return once.clone().broadcast_to(x.shape());
}

/// An operand that products take, and how.
struct Operand {
  Tensor tensor;
  MatrixLayout layout;
};

Operand operand(const Tensor& x) {
  if (const auto layout = matrix_layout(x)) return {x, *layout};
  const Tensor copy = packed(x);
  return {copy, matrix_layout(copy).value()};
}

void* at(const Tensor& tensor, std::int64_t offset) {
  return static_cast<std::byte*>(tensor.data()) + offset * static_cast<std::int64_t>(size_of(tensor.dtype()));
}

/// Runs one batch of products after the other, in one workspace.
class Multiplier {
 public:
  Multiplier(const Operand& a, const Operand& b, const Operand& result)
      : a_(a), b_(b), result_(result), stream_(current_stream(result.tensor.device())) {}

  /// Neighbouring matrices lie `steps` apart, which are not negative.
  void run(std::int64_t count, const std::array<std::int64_t, 3>& offsets, const std::array<std::int64_t, 3>& steps) {
    ProductSpec spec{.M = result_.tensor.size(-2),
                     .N = result_.tensor.size(-1),
                     .K = a_.tensor.size(-1),
                     .batch = count,
                     .dtype = result_.tensor.dtype(),
                     .result_dtype = result_.tensor.dtype(),
                     .a = a_.layout,
                     .b = b_.layout,
                     .result = result_.layout};
    if (count > 1) {
      spec.a.batch_stride = steps[0];
      spec.b.batch_stride = steps[1];
      spec.result.batch_stride = steps[2];
    }
    const auto product = cached_product(spec, result_.tensor.device());
    void* workspace = product->workspace_bytes() > 0 ? workspace_memory() : nullptr;
    product->run({.a = at(a_.tensor, offsets[0]),
                  .b = at(b_.tensor, offsets[1]),
                  .result = at(result_.tensor, offsets[2]),
                  .workspace = workspace},
                 stream_);
  }

 private:
  /// A workspace that is large enough for every product, because the next product may be another one. Its alignment is
  /// more than allocators promise.
  void* workspace_memory() {
    constexpr std::size_t kAlignment = 256;
    std::size_t bytes = Product::kWorkspaceBytes + kAlignment;
    if (!workspace_.defined()) {
      workspace_ = Tensor::empty({static_cast<std::int64_t>(bytes)}, DType::u8, result_.tensor.device());
    }
    void* memory = workspace_.data();
    return std::align(kAlignment, Product::kWorkspaceBytes, memory, bytes);
  }

  const Operand& a_;
  const Operand& b_;
  const Operand& result_;
  const Stream stream_;
  Tensor workspace_;
};

}  // namespace

void cuda_matmul(const Tensor& a, const Tensor& b, const Tensor& result) {
  if (result.numel() == 0) return;
  const Operand left = operand(a);
  const Operand right = operand(b);
  const Operand target{result, matrix_layout(result).value()};
  Multiplier multiplier(left, right, target);
  strided_loop<3>(
      leading(result.shape()),
      {leading(left.tensor.strides()), leading(right.tensor.strides()), leading(result.strides())},
      [&](std::int64_t count, const auto& offsets, const auto& steps) {
        if (std::ranges::min(steps) >= 0) return multiplier.run(count, offsets, steps);
        for (std::int64_t i = 0; i < count; ++i) {
          multiplier.run(1, {offsets[0] + i * steps[0], offsets[1] + i * steps[1], offsets[2] + i * steps[2]}, steps);
        }
      });
}

}  // namespace rondo
