/// Biases and peepholes in the form in which kernels of CUDA executors read them.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// (2, G H) in compute_dtype: b and rb, zeros where the cell has none. Kernels read them at every step without a
/// branch and without a conversion.
std::shared_ptr<const WeightPack> pack_biases(const RunnerRequest& request);

/// (3, H) in compute_dtype: w_i w_f w_o; null where the cell has none.
std::shared_ptr<const WeightPack> pack_peepholes(const RunnerRequest& request);

}  // namespace rondo
