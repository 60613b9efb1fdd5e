/// The executors that a plan asks.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// The executors that run on devices of this type. The automatic ones stand with the fastest first. On the CPU the last
/// of them is the reference executor, which accepts every spec. On CUDA they are cuda_persistent and cuda_stepwise, and
/// the kinds of persistent kernels and cuDNN's executors are asked by name alone. A build without CUDA has none for it.
ExecutorList executor_list(DeviceType type);

}  // namespace rondo
