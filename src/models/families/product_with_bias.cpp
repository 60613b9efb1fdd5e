#include "models/families/product_with_bias.h"

#include <algorithm>

#include "cpu/ops/gemm.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

/// Whether the product is f32's on the CPU, of operands whose rows lie one behind the other.
bool is_plain_product(const Tensor& x, const Tensor& kernel) {
  return x.dtype() == DType::f32 && x.device() == cpu() && x.rank() > 0 && x.size(-1) == kernel.size(0) &&
         x.is_contiguous() && kernel.is_contiguous();
}

}  // namespace

Tensor product_with_bias(const Tensor& x, const Tensor& kernel, const Tensor& bias) {
  if (!bias.defined()) return dot(x, kernel);
  if (!is_plain_product(x, kernel)) return add(dot(x, kernel), bias);
  const std::int64_t K = kernel.size(0);
  const std::int64_t N = kernel.size(1);
  Shape shape = x.shape();
  shape[-1] = N;
  Tensor result = Tensor::empty(shape, DType::f32);
  const std::int64_t rows = K == 0 ? shape.erase(-1).numel() : x.numel() / K;
  const float* added = bias.data<float>();
  auto* sums = result.data<float>();
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(added, N, sums + row * N);
  gemm(MatrixView<const float>{x.data<float>(), rows, K, K}, MatrixView<const float>{kernel.data<float>(), K, N, N},
       MatrixView<float>{sums, rows, N, N}, GemmMode::accumulate);
  return result;
}

}  // namespace rondo
