/// The gradients of the gates of some rows, for any activations.
#pragma once

#include <array>

#include "cpu/fused/kernels.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// Runs in vectors where the activations are tanh and sigmoid and the cell has vector kernels; otherwise unit by unit,
/// with the formulas that all executors share. `cell` must outlive the GradientGates.
class GradientGates {
 public:
  GradientGates(const CellSpec& cell, const KernelTable& kernels);

  /// Runs stage 0 of a step; or for a GRU that resets before its product, stage 0 before the product of da_n and stage
  /// 1 after it.
  void apply(std::size_t stage, const GradientPanel& panel) const {
    if (vectorised_[stage] != nullptr) {
      vectorised_[stage](panel);
    } else {
      scalar(stage, panel);
    }
  }

 private:
  void scalar(std::size_t stage, const GradientPanel& panel) const;

  const CellSpec& cell_;
  std::array<GradientFunction, 2> vectorised_ = {};
};

}  // namespace rondo::fused
