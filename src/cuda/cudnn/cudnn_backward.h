/// The gradients of cuDNN's executors, from reserves that they alone have written.
#pragma once

#include "cuda/cudnn/cudnn_config.h"
#include "recurrence/executor.h"

namespace rondo {

/// For a spec that the algorithm's executor accepts, and whose runs keep what it wants.
std::shared_ptr<const BackwardDecision> decide_cudnn_backward(CudnnAlgorithm algorithm, const RecurrenceSpec& spec);

}  // namespace rondo
