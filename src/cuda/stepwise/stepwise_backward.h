/// How the stepwise executor computes gradients. All of it is in the folder backward, which builds on this one.
#pragma once

#include <memory>
#include <optional>

#include "cuda/stepwise/steps_kernel.h"
#include "recurrence/executor.h"

namespace rondo {

/// Accepts all recurrences, but for sizes beyond its counters.
BackwardAnswer decide_stepwise_backward(const RecurrenceSpec& spec);

/// Why pairs of a step and a row cannot be counted; absent: they can.
std::optional<Refusal> refuse_gradient_sizes(const RecurrenceSpec& spec);

/// What a runner of make_gradient_runner needs of the workspace.
std::size_t gradient_workspace_bytes(const RecurrenceSpec& spec);

/// A runner whose steps are one launch of `steps` or, without it, the stepwise kernels.
std::unique_ptr<BackwardRunner> make_gradient_runner(const RunnerRequest& request,
                                                     std::unique_ptr<const StepsKernel> steps);

}  // namespace rondo
