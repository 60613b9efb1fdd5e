/// One thread's part of the gradients of the fused executor.
#pragma once

#include "cpu/fused/backward/scratch.h"
#include "cpu/fused/backward/weights.h"
#include "cpu/fused/panels.h"
#include "cpu/fused/variant_weights.h"
#include "cpu/threads/spin.h"
#include "recurrence/gradient_buffers.h"

namespace rondo::fused {

/// The index of a part, and what all parts share.
struct GradientArguments {
  const RecurrenceSpec& spec;
  const GradientShape& shape;
  const KernelTable& kernels;
  const TransposedWeights& weights;
  const PackedWeights* forward_weights;  ///< where the spec keeps no gates, so that steps are run again
  const VariantWeights& variant;
  const GradientBuffers& buffers;
  void* workspace;
  Partition partition;
  int index;
  SpinBarrier& group_barrier;  ///< shared by the parts of one group of rows
  SpinBarrier& barrier;        ///< shared by all parts

  Range part_of(std::int64_t size) const { return Range::part(size, index, partition.threads()); }
};

/// Runs part `arguments.index` on the calling thread. All parts must run at once.
void run_gradient_worker(const GradientArguments& arguments);

}  // namespace rondo::fused
