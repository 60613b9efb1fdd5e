/// The gates of a panel with whatever activations a cell has.
#pragma once

#include <array>

#include "cpu/fused/kernels.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// A kernel for each pass of a step; null: the gates run unit by unit.
using GatesOfPasses = std::array<GatesFunction, 2>;

/// Tanh and sigmoid in vectors; any other activation unit by unit, with the formulas that all executors share.
class Gates {
 public:
  Gates(const CellSpec& cell, const KernelTable& kernels);

  /// The gates after the product `pass` of a step.
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
