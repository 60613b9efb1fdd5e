/// The gradients of a convolution.
#pragma once

#include "rondo/ops/ops.h"

namespace rondo {

struct ConvolutionGradients {
  Tensor x;
  Tensor kernel;
};

/// The gradients of `convolution(x, kernel, options)` from that of its result. They are written with ops: two matrix
/// products for each position of the kernel.
ConvolutionGradients convolution_gradients(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options,
                                           const Tensor& d_result);

}  // namespace rondo
