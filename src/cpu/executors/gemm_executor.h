/// The first fast CPU executor: matrix products for everything that is one, and a fused loop for the gates.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// One product for the inputs of all steps, then per step a product with the recurrent kernel and one pass over the
/// gates. f32 on the CPU.
const Executor& gemm_executor();

}  // namespace rondo
