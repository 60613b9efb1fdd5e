/// Biases and peepholes in the form in which kernels of CUDA executors read them.
#pragma once

#include "recurrence/executor.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// (2, G H) in compute_dtype: b and rb, zeros where the cell has none. Kernels read them at every step without a
/// branch and without a conversion. The packing runs on the thread's current stream.
Tensor pack_biases(const RunnerRequest& request);

/// (3, H) in compute_dtype: w_i w_f w_o; undefined where the cell has none. The packing runs on the thread's current
/// stream.
Tensor pack_peepholes(const RunnerRequest& request);

}  // namespace rondo
