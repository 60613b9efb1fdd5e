// Batches of matrix products.

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/gemm.h"
#include "tensor/strided_loop.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

// The matrix of the last two axes, at `offset` elements from the first element.
template <typename Real>
MatrixView<Real> matrix_at(const Tensor& tensor, std::int64_t offset) {
  Real* data = tensor.data<std::remove_const_t<Real>>() + offset;
  return {data, tensor.size(-2), tensor.size(-1), tensor.stride(-2), tensor.stride(-1)};
}

template <typename Real>
Tensor suitable(const Tensor& tensor) {
  return suits_gemm(matrix_at<const Real>(tensor, 0)) ? tensor : tensor.contiguous();
}

Shape leading(const Shape& shape) { return shape.erase(-1).erase(-1); }

template <typename Real>
void multiply(const Tensor& a, const Tensor& b, const Tensor& result) {
  const Tensor left = suitable<Real>(a);
  const Tensor right = suitable<Real>(b);
  strided_loop<3>(leading(result.shape()),
                  {leading(left.strides()), leading(right.strides()), leading(result.strides())},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    for (std::int64_t i = 0; i < count; ++i) {
                      gemm(matrix_at<const Real>(left, offsets[0] + i * steps[0]),
                           matrix_at<const Real>(right, offsets[1] + i * steps[1]),
                           matrix_at<Real>(result, offsets[2] + i * steps[2]));
                    }
                  });
}

}  // namespace

void cpu_matmul(const Tensor& a, const Tensor& b, const Tensor& result) {
  switch (result.dtype()) {
    case DType::f64: return multiply<double>(a, b, result);
    case DType::f32: return multiply<float>(a, b, result);
    default:  // the 16-bit floats
      const Tensor product = Tensor::empty(result.shape(), DType::f32);
      multiply<float>(a.to(DType::f32), b.to(DType::f32), product);
      result.copy_from(product);
  }
}

}  // namespace rondo
