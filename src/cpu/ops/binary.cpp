// Elementwise functions of two tensors.

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

template <typename Element, typename Function>
void map_binary(const Tensor& a, const Tensor& b, const Tensor& result, const Function& function) {
  const Element* left = a.data<Element>();
  const Element* right = b.data<Element>();
  Element* to = result.data<Element>();
  strided_loop<3>(result.shape(), {result.strides(), a.strides(), b.strides()},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    with_row(left + offsets[1], steps[1], [&](const auto& row) {
                      with_row(right + offsets[2], steps[2],
                               [&](const auto& other) { map_row(count, to + offsets[0], function, row, other); });
                    });
                  });
}

}  // namespace

void cpu_binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) {
  dispatch_dtype(a.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) {
      visit_function<Computed<Element>>(op, [&](const auto& function) { map_binary<Element>(a, b, result, function); });
    }
  });
}

}  // namespace rondo
