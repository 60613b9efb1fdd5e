/// The host's loop of the stepwise executor: which kernels and products a run consists of.
#pragma once

#include "cuda/common/input_products.h"
#include "cuda/common/reserve_swap.h"
#include "cuda/stepwise/step_launch.h"
#include "cuda/stepwise/stepwise_products.h"
#include "recurrence/executor.h"

namespace rondo {

/// The arguments of one run.
struct StepwiseRun {
  const RecurrenceSpec& spec;
  const RecurrenceBuffers& buffers;
  const Tensor& biases;         ///< as pack_biases packs them
  const WeightPack* peepholes;  ///< as pack_peepholes packs them
  InputProducts& input_products;
  const StepwiseProducts& products;
  ReserveSwap* swap = nullptr;  ///< where the spec swaps its reserve
  void* workspace = nullptr;
  StepLaunch how = {};
};

/// Queues a run. Element is the type of the spec's dtype. Each dtype has a file of its own, stepwise_<dtype>.cu,
/// because kernels take long to compile.
template <typename Element>
void run_stepwise(const StepwiseRun& run);

/// run_stepwise for a spec that keeps something, but not with segments, whose runs are run_stepwise's. Its kernels are
/// compiled in files of their own, too.
template <typename Element>
void run_stepwise_keeping(const StepwiseRun& run);

/// Queues the steps of a segment again: from the states in front of it, which the run's reserve has from row
/// `first_row` on, and with the input sums that are in the workspace.
template <typename Element>
void run_segment_again(const StepwiseRun& run, std::int64_t first_row, const KeptRows& segment);

}  // namespace rondo
