/// What runs a persistent kernel in a session.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "cuda/persistent/shape/persistent_shape.h"
#include "recurrence/executor.h"

namespace rondo {

/// A runner, or why the device has no room for it after all.
struct PersistentAttempt {
  std::unique_ptr<Runner> runner = nullptr;
  std::string reason = {};  ///< "<name of the shape>: <what it needs and what the device has>"
};

/// A runner for one way to share out the recurrence. The GPU itself has to be asked for its room: how many large
/// clusters it places, for one, depends on which of its parts are enabled. Where the shape needs more than
/// `workspace_bytes`, which a plan found for another shape, the runner has a workspace of its own.
PersistentAttempt make_persistent_runner(const RunnerRequest& request, const PersistentShape& shape,
                                         std::size_t workspace_bytes);

}  // namespace rondo
