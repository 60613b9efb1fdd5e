/// The oracle: a plain loop that carries out every recurrence, exactly as it is written down.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Accepts everything on the CPU. Computes f64 in double, all else in float, and keeps states in that precision from
/// the first step to the last, whatever the dtype of the buffers.
const Executor& reference_executor();

}  // namespace rondo
