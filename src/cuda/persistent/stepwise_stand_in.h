/// cuda_stepwise in the place of a kernel that the device has no room for.
#pragma once

#include <memory>
#include <string>

#include "recurrence/executor.h"

namespace rondo {

/// A runner of cuda_stepwise for a plan of another executor. Where the runner needs more than the plan's
/// `workspace_bytes`, it has a workspace of its own. Reports the stand-in and its `reason` on stderr, once in a
/// process.
std::unique_ptr<Runner> make_stepwise_stand_in(const RunnerRequest& request, std::size_t workspace_bytes,
                                               const std::string& reason);

}  // namespace rondo
