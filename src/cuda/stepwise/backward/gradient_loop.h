/// The host's loop of gradients in the stepwise executor: which kernels and products they consist of.
#pragma once

#include "cuda/common/reserve_swap.h"
#include "cuda/stepwise/backward/gradient_products.h"
#include "cuda/stepwise/step_launch.h"
#include "cuda/stepwise/steps_kernel.h"
#include "cuda/stepwise/stepwise_loop.h"
#include "recurrence/executor.h"

namespace rondo {

/// The arguments of the gradients of one run.
struct StepwiseGradientRun {
  const RecurrenceSpec& spec;
  const GradientBuffers& buffers;
  const WeightPack* biases;     ///< as pack_biases packs them; null unless gates are computed again
  const WeightPack* peepholes;  ///< as pack_peepholes packs them
  const GradientProducts& products;
  ReserveSwap* swap = nullptr;         ///< where the spec swaps its reserve
  const StepwiseRun* again = nullptr;  ///< where segments are run again: how, but for the workspace
  void* workspace = nullptr;
  StepLaunch how = {};
  const StepsKernel* steps = nullptr;  ///< computes all steps in place of the stepwise kernels; null: nothing does
};

/// Queues the gradients of a run. Element is the type of the spec's dtype. Each dtype has a file of its own.
template <typename Element>
void run_stepwise_gradients(const StepwiseGradientRun& run);

}  // namespace rondo
