/// The gradients of the fused executor.
#pragma once

#include "cpu/fused/kernels.h"
#include "recurrence/executor.h"

namespace rondo::fused {

/// Decides for a spec that the fused executor runs.
BackwardAnswer decide_fused_backward(const RecurrenceSpec& spec, int processors, const KernelTable& kernels);

}  // namespace rondo::fused
