#include "layers/loop/loop_rows.h"

#include "rondo/ops/ops.h"

namespace rondo {
namespace {

// live (B,) as (B, 1, 1, ...) with `rank` axes, to choose between tensors whose first axis is the batch.
Tensor align_mask(const Tensor& live, int rank) {
  Tensor aligned = live;
  while (aligned.rank() < rank) aligned = aligned.insert_axis(aligned.rank());
  return aligned;
}

}  // namespace

Tensor live_rows(const LoopOptions& options, const SequenceSizes& sizes) {
  if (!options.lengths.defined()) return options.mask;
  const Tensor within = sequence_mask(options.lengths.to(sizes.device), sizes.T).swap_axes(0, 1);
  return options.mask.defined() ? where(within, options.mask, zeros_like(options.mask)) : within;
}

Tensor resets_within(const LoopOptions& options, const SequenceSizes& sizes) {
  if (!options.resets.defined() || !options.lengths.defined()) return options.resets;
  const Tensor within = sequence_mask(options.lengths.to(sizes.device), sizes.T).swap_axes(0, 1);
  return where(within, options.resets, zeros_like(options.resets));
}

Nest select_rows(const Tensor& rows, const Nest& taken, const Nest& other) {
  const std::vector<Tensor> other_leaves = other.flatten();
  std::size_t next = 0;
  return taken.map([&](const Tensor& leaf) {
    const Tensor& left = other_leaves[next++];
    return leaf.rank() == 0 ? leaf : where(align_mask(rows, leaf.rank()), leaf, left);
  });
}

Nest zero_nest(const Nest& nest) {
  return nest.map([](const Tensor& leaf) { return zeros_like(leaf); });
}

}  // namespace rondo
