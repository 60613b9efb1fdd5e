/// The products of one step backward.
#pragma once

#include "cpu/fused/backward/worker.h"

namespace rondo::fused {

/// Multiplies the rows of one group at a step. `run` and `scratch` must outlive the StepProducts.
class StepProducts {
 public:
  StepProducts(const GradientArguments& run, const GradientScratch& scratch)
      : run_(run), scratch_(scratch), product_(run.kernels.product(run.spec.dtype, kMostVectors)) {}

  /// What a product writes: some panels, in place of what is there or added to it.
  struct Target {
    Range panels;
    bool adds;
    bool backward;  ///< the panels are taken from the last to the first
  };

  /// GradientNotes::targets = operands times the matrix, for `count` rows.
  void multiply(int count, const PanelMatrix& matrix, const Target& target) const;

 private:
  void multiply_group(int count, const Group& group, const PanelMatrix& matrix) const;
  void take_sums(int count, const Group& group, bool adds) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const ProductKernel product_;
};

}  // namespace rondo::fused
