// Matrix products: every form becomes a batch of (M, K) x (K, N).

#include <array>
#include <numeric>

#include "ops/backend.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void check_operands(const char* function, const Tensor& a, const Tensor& b, int least_rank) {
  for (const Argument& argument : {Argument{function, "a", a}, Argument{function, "b", b}}) {
    check_floating(argument);
    if (argument.tensor.rank() < least_rank) {
      throw ValueError(argument.text(), describe(argument.tensor), "a rank of at least " + std::to_string(least_rank));
    }
  }
  check_agree({function, "a", a}, {function, "b", b});
}

// Throws unless the summed axes, the last of `a` and `b_axis` of `b`, have equal sizes.
void check_summed_axis(const char* function, const Tensor& a, const Tensor& b, int b_axis) {
  if (a.size(-1) != b.size(b_axis)) {
    throw ValueError(Argument{function, "b", b}.text(), describe(b),
                     "size " + std::to_string(a.size(-1)) + " on axis " + std::to_string(b_axis) +
                         ", the last size of a, " + describe(a));
  }
}

Shape leading(const Shape& shape) { return shape.erase(-1).erase(-1); }

Shape append(const Shape& shape, std::int64_t size) { return shape.insert(shape.rank(), size); }

// Computes (..., M, K) x (K, N) as one product of (all rows, K) x (K, N).
Tensor fold_rows(const Tensor& a, const Tensor& b) {
  const Shape rows = a.shape().erase(-1);
  Tensor result = Tensor::empty({rows.numel(), b.size(1)}, a.dtype(), a.device());
  backend_of(a.device()).matmul(a.reshape({rows.numel(), a.size(-1)}), b, result);
  return result.reshape(append(rows, b.size(1)));
}

// Turns (..., K, N) into (K, ...*N): the summed axis in front, the other axes joined behind.
Tensor summed_axis_first(const Tensor& b) {
  std::array<int, kMaxRank> order{};
  std::iota(order.begin() + 1, order.end(), 0);
  order[0] = b.rank() - 2;
  order[static_cast<std::size_t>(b.rank() - 1)] = b.rank() - 1;
  const Tensor moved = b.transpose(std::span<const int>(order.data(), static_cast<std::size_t>(b.rank())));
  return moved.reshape({b.size(-2), b.shape().erase(-2).numel()});
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  check_operands("matmul", a, b, 2);
  check_summed_axis("matmul", a, b, -2);
  const OpsBackend& backend = backend_of(a.device());
  if (b.rank() == 2) return fold_rows(a, b);
  const Shape batch = broadcast_shapes(leading(a.shape()), leading(b.shape()));
  const auto with_batch = [&](std::int64_t rows, std::int64_t columns) { return append(append(batch, rows), columns); };
  Tensor result = Tensor::empty(with_batch(a.size(-2), b.size(-1)), a.dtype(), a.device());
  backend.matmul(a.broadcast_to(with_batch(a.size(-2), a.size(-1))), b.broadcast_to(with_batch(b.size(-2), b.size(-1))),
                 result);
  return result;
}

Tensor dot(const Tensor& a, const Tensor& b) {
  check_operands("dot", a, b, 1);
  check_summed_axis("dot", a, b, b.rank() == 1 ? -1 : -2);
  if (b.rank() == 1) return fold_rows(a, b.insert_axis(1)).erase_axis(-1);
  if (b.rank() == 2) return fold_rows(a, b);
  Shape shape = a.shape().erase(-1);
  for (const std::int64_t size : b.shape().erase(-2)) shape = append(shape, size);
  return fold_rows(a, summed_axis_first(b)).reshape(shape);
}

}  // namespace rondo
