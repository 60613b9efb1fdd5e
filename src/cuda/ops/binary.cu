// Elementwise functions of two tensors.

#include "cuda/ops/computed_pack.cuh"
#include "cuda/ops/cuda_ops.h"
#include "cuda/tensor/elementwise.cuh"

namespace rondo {
namespace {

template <typename Element>
struct ApplyBinary {
  BinaryOp op;

  template <int kWidth>
  __device__ void operator()(device::Pack<Element, kWidth>& result, const device::Pack<Element, kWidth>& a,
                             const device::Pack<Element, kWidth>& b) const {
    visit_function<Computed<Element>>(op, [&](const auto& function) { compute_pack(function, result, a, b); });
  }
};

}  // namespace

void cuda_binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) {
  dispatch_dtype(a.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) {
      launch_elementwise<Element, Element, Element>(ApplyBinary<Element>{op}, result, a, b);
    }
  });
}

}  // namespace rondo
