/// The gates of a panel with whatever activations a cell has.
#pragma once

#include "cpu/fused/kernels.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

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
  GatesFunction vectorised_[2] = {};
};

}  // namespace rondo::fused
