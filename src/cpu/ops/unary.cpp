// Elementwise functions of one tensor.

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

template <typename Element, typename Function>
void map_unary(const Tensor& x, const Tensor& result, const Function& function) {
  const Element* from = x.data<Element>();
  Element* to = result.data<Element>();
  strided_loop<2>(
      result.shape(), {result.strides(), x.strides()}, [&](std::int64_t count, const auto& offsets, const auto& steps) {
        with_row(from + offsets[1], steps[1], [&](const auto& row) { map_row(count, to + offsets[0], function, row); });
      });
}

}  // namespace

void cpu_unary(const UnaryOp& op, const Tensor& x, const Tensor& result) {
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) {
      visit_function(unary_function<Element>(op),
                     [&](const auto& function) { map_unary<Element>(x, result, function); });
    }
  });
}

}  // namespace rondo
