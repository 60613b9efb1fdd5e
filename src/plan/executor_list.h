/// The ordered lists of executors: a plan takes the first that accepts.
#pragma once

#include <span>

#include "recurrence/executor.h"

namespace rondo {

/// Those that run on devices of this type, in the order in which a plan asks them: on the CPU the fastest first, on
/// CUDA the one that takes everything and then cuDNN's, which a plan is asked for by name. The last of the CPU's is the
/// reference executor, which accepts everything; there are none for CUDA in a build without it.
std::span<const Executor* const> executor_list(DeviceType type);

}  // namespace rondo
