/// How the stepwise executor computes gradients.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

BackwardAnswer decide_stepwise_backward(const RecurrenceSpec& spec);

}  // namespace rondo
