/// The executor that runs every recurrence: matrix products by cuBLASLt, and one fused kernel for the gates of a step.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// "cuda_stepwise": any floating dtype, any cell, any Schedule, on any CUDA device. x W for all steps is one product;
/// then each step is a product h U and a kernel. Products of f32 are strict, or tf32 where the spec says so; sums,
/// gates and states are f32, f64 for f64.
const Executor& stepwise_executor();

}  // namespace rondo
