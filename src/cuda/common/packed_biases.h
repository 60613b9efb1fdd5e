/// The biases as kernels of executors on CUDA read them. Floor 4.
#pragma once

#include "recurrence/executor.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// (2, G H) of the dtype of sums: b and rb, zeros where there are none. Kernels read them at every step, without a
/// question and a conversion. Packed on the thread's current stream.
Tensor pack_biases(const RunnerRequest& request);

/// (3, H) of the same dtype: w_i w_f w_o; undefined where there are none. Packed alike.
Tensor pack_peepholes(const RunnerRequest& request);

}  // namespace rondo
