/// x W + b in one pass.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

/// x (..., K) by kernel (K, N), plus bias (N) unless that is undefined; all of one floating dtype and on one device.
/// Throws `ValueError` as dot. On the CPU the product is added to the bias, so that no second pass reads the result.
Tensor product_with_bias(const Tensor& x, const Tensor& kernel, const Tensor& bias);

}  // namespace rondo
