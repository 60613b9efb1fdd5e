/// The gradients of the gates of some rows, for any activations.
#pragma once

#include <array>

#include "cpu/fused/kernels.h"
#include "cpu/fused/scalar_gates.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// Runs in vectors where the activations are basic ones and the cell has vector kernels; otherwise unit by unit, with
/// the formulas that all executors share. `cell` must outlive the GradientGates.
class GradientGates {
 public:
  GradientGates(const CellSpec& cell, const KernelTable& kernels);

  /// Writes GradientRow::unprojected, which an LSTM with a projection multiplies.
  void unproject(const GradientPanel& panel) const {
    if (unprojected_ != nullptr) {
      run_vectors(unprojected_, activations_, panel);
    } else {
      scalar_unprojected(panel);
    }
  }

  /// Runs stage 0 of a step; or for a GRU that resets before its product, stage 0 before the product of da_n and stage
  /// 1 after it.
  void apply(std::size_t stage, const GradientPanel& panel) const {
    if (vectorised_[stage] != nullptr) {
      run_vectors(vectorised_[stage], activations_, panel);
    } else {
      scalar(stage, panel);
    }
  }

 private:
  void scalar(std::size_t stage, const GradientPanel& panel) const;
  void scalar_unprojected(const GradientPanel& panel) const;

  const CellSpec& cell_;
  std::array<GradientFunction, 2> vectorised_ = {};
  GradientFunction unprojected_ = nullptr;
  std::optional<BasicActivations> activations_;  ///< what the vector kernels take
};

}  // namespace rondo::fused
