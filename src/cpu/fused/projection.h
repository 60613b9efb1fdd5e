/// The projection of h at the end of a step.
#pragma once

#include "cpu/fused/worker.h"

namespace rondo::fused {

/// One part's share: some panels of the projected h. Without a projection it has none.
class Projection {
 public:
  /// `run` and `scratch` must outlive the Projection.
  Projection(const WorkerArguments& run, const Scratch& scratch);

  bool exists() const { return shape_.P > 0; }
  /// The features of h that this part computes.
  Range features() const;
  /// Notes::projected = clip(RowStates::next_h projection) for the first `count` live rows of a step, whose next_h is
  /// complete. `backward`: the panels are taken from the last to the first.
  void run(std::int64_t count, bool backward) const;

 private:
  void store(const Tile& tile, const Group& group, const float* sums) const;

  const WorkerArguments& run_;
  const Scratch& scratch_;
  const ProjectionShape shape_;
  const Range panels_;
  const ProductKernel product_;
  const float bound_;
};

}  // namespace rondo::fused
