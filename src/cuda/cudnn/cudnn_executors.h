/// cuDNN's recurrent networks as executors, one for each of its algorithms. None in a build without cuDNN.
#pragma once

#include <span>

#include "recurrence/executor.h"

namespace rondo {

std::span<const Executor* const> cudnn_executors();

}  // namespace rondo
