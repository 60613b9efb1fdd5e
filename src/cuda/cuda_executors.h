/// The executors that run on CUDA devices.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Both lists are empty in a build without CUDA.
ExecutorList cuda_executors();

}  // namespace rondo
