/// The gradient of a step's projection of h.
#pragma once

#include "cpu/fused/backward/step_products.h"

namespace rondo::fused {

/// One part's share of a group's rows. `run` and `scratch` must outlive the ProjectionGradient.
class ProjectionGradient {
 public:
  /// `panels`: this part's panels of h and of the units.
  ProjectionGradient(const GradientArguments& run, const GradientScratch& scratch, const OwnUnits& panels)
      : run_(run), scratch_(scratch), panels_(panels), products_(run, scratch) {}

  /// d_unprojected = d_h through the clip, times the transposed projection, for own units of the first `count` rows,
  /// whose h before the projection this part has written for its units. All parts of the group call it.
  void run(int count, bool backward) const;

 private:
  void clip(int count, bool backward) const;
  float* projected(int index) const;
  void meet_group() const { run_.group_barrier.arrive_and_wait(run_.partition.unit_groups); }

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const OwnUnits panels_;
  const StepProducts products_;
};

}  // namespace rondo::fused
