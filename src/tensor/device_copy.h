/// The copies of tensor/copy.h where both ends are on one CUDA device. src/cuda/tensor/ implements them.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Does what copy_elements does, on the device's current stream.
void cuda_copy_elements(const Tensor& source, const Tensor& target);

/// Does what fill_elements does, on the device's current stream.
void cuda_fill_elements(const Tensor& target, double value);

}  // namespace rondo
