/// The one ordered list of executors: a plan takes the first that accepts.
#pragma once

#include <span>

#include "recurrence/executor.h"

namespace rondo {

/// Fastest first, CUDA's before the CPU's; the reference executor, which accepts everything on the CPU, last.
std::span<const Executor* const> executor_list();

}  // namespace rondo
