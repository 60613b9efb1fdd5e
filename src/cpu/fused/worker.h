/// One thread's part of a run of the fused executor.
#pragma once

#include "cpu/fused/panels.h"
#include "cpu/fused/scratch.h"
#include "cpu/fused/tiles.h"
#include "cpu/fused/variant_weights.h"
#include "cpu/threads/spin.h"
#include "recurrence/executor.h"
#include "recurrence/reserve.h"

namespace rondo::fused {

/// The index of a part of a run, and what all parts of the run share.
struct WorkerArguments {
  const RecurrenceSpec& spec;
  const KernelTable& kernels;
  const PackedWeights& weights;
  const VariantWeights& variant;
  const RecurrenceBuffers& buffers;
  void* workspace;
  Partition partition;
  int index;
  SpinBarrier& barrier;  ///< shared by the parts of one group of rows
  StepRange steps;       ///< the processing steps to run
  /// The rows of the part's group, from the least to the greatest. Empty: the run shares them out.
  std::span<const std::int32_t> rows = {};
  KeptSteps kept = {};  ///< what the run keeps, iff the spec does
  /// The dtype of the initial states. That of the spec, but where steps are run again their states are f32.
  DType initial_dtype = DType::f32;
};

/// Runs part `arguments.index` on the calling thread. All parts of a group of rows must run at once.
void run_worker(const WorkerArguments& arguments);

}  // namespace rondo::fused
