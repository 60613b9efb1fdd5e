/// cuda_stepwise in the place of a kernel that the device has no room for. Floor 4.
#pragma once

#include <memory>
#include <string>

#include "recurrence/executor.h"

namespace rondo {

/// A runner of cuda_stepwise for a plan of another executor. Where it needs more than the plan's `workspace_bytes`, it
/// has a workspace of its own. Says on stderr, once in a process, that it is there, and the `reason`.
std::unique_ptr<Runner> make_stepwise_stand_in(const RunnerRequest& request, std::size_t workspace_bytes,
                                               const std::string& reason);

}  // namespace rondo
