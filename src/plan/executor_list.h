/// The executors that a plan asks.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// The executors for devices of this type; the automatic executors are in order, the fastest first. On the CPU the last
/// one is the reference executor, which accepts every spec. On CUDA the automatic executors are cuda_persistent and
/// cuda_stepwise; single kinds of persistent kernels and cuDNN's executors are asked by name alone. A build without
/// CUDA has no executors for CUDA.
ExecutorList executor_list(DeviceType type);

}  // namespace rondo
