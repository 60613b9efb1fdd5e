/// A CPU executor that uses matrix products where it can, and one loop for all gates.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Multiplies the inputs of all steps in one product, then runs per step a product with the recurrent kernel and one
/// pass over the gates. Accepts every cell in f32 on the CPU.
const Executor& gemm_executor();

}  // namespace rondo
