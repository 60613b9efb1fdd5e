/// The gradients of the reference executor: the oracle of all others.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Accepts every spec that keeps something.
BackwardAnswer decide_reference_backward(const RecurrenceSpec& spec);

}  // namespace rondo
