// Sums, means and maxima.
//
// x is walked in row-major order, and each element is folded into the accumulator of its result. Whatever the strides
// of x, an accumulator therefore meets its elements in the order of their indices: equal arguments give bitwise equal
// results. Floats accumulate in double, integers in 64 bits that wrap around.

#include <vector>

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

// Strides of a row-major tensor of shape `kept`, with 0 on the reduced axes of x (those of size 1 in `kept`).
Strides accumulator_strides(const Shape& kept) {
  Strides strides = contiguous_strides(kept);
  for (int axis = 0; axis < kept.rank(); ++axis) {
    if (kept[axis] == 1) strides[axis] = 0;
  }
  return strides;
}

template <typename Element, typename Function>
void fold_elements(const Tensor& x, const Shape& kept, Accumulator<Element>* accumulators, const Function& fold) {
  using Total = Accumulator<Element>;
  const Element* from = x.data<Element>();
  strided_loop<2>(x.shape(), {x.strides(), accumulator_strides(kept)},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    const Element* row = from + offsets[0];
                    Total* total = accumulators + offsets[1];
                    if (steps[1] == 0) {
                      Total folded = *total;  // in a register: the whole row has one result
                      for (std::int64_t i = 0; i < count; ++i)
                        folded = fold(folded, convert_element<Total>(row[i * steps[0]]));
                      *total = folded;
                    } else {
                      for (std::int64_t i = 0; i < count; ++i) {
                        total[i * steps[1]] = fold(total[i * steps[1]], convert_element<Total>(row[i * steps[0]]));
                      }
                    }
                  });
}

template <typename Element>
void reduce_elements(ReduceOp op, const Tensor& x, const Tensor& result) {
  using Total = Accumulator<Element>;
  std::vector<Total> totals(static_cast<std::size_t>(result.numel()), reduce_identity<Total>(op));
  if (op == ReduceOp::max) {
    fold_elements<Element>(x, result.shape(), totals.data(), function::Larger{});
  } else {
    fold_elements<Element>(x, result.shape(), totals.data(), function::Add{});
  }
  const std::int64_t terms = op == ReduceOp::mean ? x.numel() / result.numel() : 1;
  Element* to = result.data<Element>();
  for (std::size_t i = 0; i < totals.size(); ++i) {
    // The mean of no elements, 0 / 0, is NaN. Integers have no mean.
    if constexpr (std::is_integral_v<Element>) {
      to[i] = static_cast<Element>(totals[i]);
    } else {
      to[i] = convert_element<Element>(totals[i] / static_cast<Total>(terms));
    }
  }
}

}  // namespace

void cpu_reduce(ReduceOp op, const Tensor& x, const Tensor& result) {
  if (result.numel() == 0) return;
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) reduce_elements<Element>(op, x, result);
  });
}

}  // namespace rondo
