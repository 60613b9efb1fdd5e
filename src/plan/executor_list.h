/// The ordered lists of executors: a plan takes the first that accepts.
#pragma once

#include <span>

#include "recurrence/executor.h"

namespace rondo {

/// Those that run on devices of this type, fastest first. The last of the CPU's is the reference executor, which
/// accepts everything; there are none for CUDA in a build without it.
std::span<const Executor* const> executor_list(DeviceType type);

}  // namespace rondo
