/// One thread's part of a run of the fused executor.
#pragma once

#include "cpu/fused/panels.h"
#include "cpu/fused/scratch.h"
#include "cpu/threads/spin.h"
#include "recurrence/executor.h"

namespace rondo::fused {

/// Which part of the run it is, and what it shares with the others.
struct WorkerArguments {
  const RecurrenceSpec& spec;
  const KernelTable& kernels;
  const PackedWeights& weights;
  const RecurrenceBuffers& buffers;
  void* workspace;
  Partition partition;
  int index;
  SpinBarrier& barrier;  ///< of its group of rows
};

void run_worker(const WorkerArguments& arguments);

}  // namespace rondo::fused
