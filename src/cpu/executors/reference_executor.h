/// The oracle that all executors are compared with: a loop that carries out every recurrence as its formula is written.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Accepts every spec on the CPU. Computes f64 in double and all other dtypes in float, and keeps states in that
/// precision from the first step to the last.
const Executor& reference_executor();

}  // namespace rondo
