/// How the stepwise executor computes gradients. All of it is in the folder backward, which builds on this one.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Accepts all recurrences, but for segments and sizes beyond its counters.
BackwardAnswer decide_stepwise_backward(const RecurrenceSpec& spec);

}  // namespace rondo
