/// The executors that run on CUDA devices, in the order in which a plan asks them; none in a build without CUDA.
#pragma once

#include <span>

#include "recurrence/executor.h"

namespace rondo {

std::span<const Executor* const> cuda_executors();

}  // namespace rondo
