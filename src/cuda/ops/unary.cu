// Elementwise functions of one tensor.

#include "cuda/ops/computed_pack.cuh"
#include "cuda/ops/cuda_ops.h"
#include "cuda/tensor/elementwise.cuh"

namespace rondo {
namespace {

// Which function it is, all threads ask alike: one kernel for each dtype, and not for each function.
template <typename Element>
struct ApplyUnary {
  UnaryFunction<Computed<Element>> op;

  template <int kWidth>
  __device__ void operator()(device::Pack<Element, kWidth>& result, const device::Pack<Element, kWidth>& x) const {
    visit_function(op, [&](const auto& function) { compute_pack(function, result, x); });
  }
};

}  // namespace

void cuda_unary(const UnaryOp& op, const Tensor& x, const Tensor& result) {
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) {
      launch_elementwise<Element, Element>(ApplyUnary<Element>{unary_function<Element>(op)}, result, x);
    }
  });
}

}  // namespace rondo
