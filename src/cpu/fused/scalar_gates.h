/// The gates of a panel, for any activations.
#pragma once

#include <array>

#include "cpu/fused/kernels.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// One kernel for each pass of a step; null: the gates of the pass run unit by unit.
using GatesOfPasses = std::array<GatesFunction, 2>;

/// Runs gates in vectors where the activations are tanh and sigmoid and the cell has vector kernels; otherwise unit by
/// unit, with the formulas that all executors share. `cell` must outlive the Gates.
class Gates {
 public:
  /// `keeps`: every RowStates::kept is written.
  Gates(const CellSpec& cell, const KernelTable& kernels, bool keeps);

  /// Runs the gates after the product `pass` of a step.
  void apply(std::size_t pass, const PanelGates& panel) const {
    if (vectorised_[pass] != nullptr) {
      vectorised_[pass](panel);
    } else {
      scalar(pass, panel);
    }
  }

 private:
  void scalar(std::size_t pass, const PanelGates& panel) const;

  const CellSpec& cell_;
  int lanes_;
  GatesOfPasses vectorised_ = {};
};

}  // namespace rondo::fused
