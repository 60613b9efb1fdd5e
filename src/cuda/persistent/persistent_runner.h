/// What runs a persistent kernel in a session.
#pragma once

#include "cuda/persistent/shape/persistent_shape.h"
#include "recurrence/executor.h"

namespace rondo {

/// A runner for one way to share out the recurrence, or why the device has no room for it after all. The GPU itself has
/// to be asked for its room: how many large clusters it places, for one, depends on which of its parts are enabled.
MadeRunner make_persistent_runner(const RunnerRequest& request, const PersistentShape& shape);

}  // namespace rondo
