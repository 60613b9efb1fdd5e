/// The gates of a panel, for any activations.
#pragma once

#include <array>
#include <optional>

#include "cpu/fused/kernels.h"
#include "recurrence/cells/lstm.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// What the formula of unit u of an LSTM's variant takes beyond the plain one.
inline LstmVariantUnit<float> variant_unit(const LstmVariant& variant, std::int64_t u) {
  LstmVariantUnit<float> unit{.cell_clip = variant.cell_clip};
  if (variant.peepholes == nullptr) return unit;
  unit.has_peepholes = true;
  unit.w_i = variant.peepholes[u];
  unit.w_f = variant.peepholes[variant.stride + u];
  unit.w_o = variant.peepholes[2 * variant.stride + u];
  return unit;
}

/// The activations of a cell that vector kernels have: which of the kernels, and what they are told.
enum class VectorActivations : std::uint8_t { none, standard, basic };
struct CellActivations {
  VectorActivations kernels = VectorActivations::none;
  std::optional<BasicActivations> basic = std::nullopt;  ///< for kernels of basic activations
};
CellActivations vector_activations(const CellSpec& cell, bool has_gate_activation);

/// Runs a vector kernel, which is told of the activations where they are not standard.
template <typename Function, typename Panel>
void run_vectors(Function function, const std::optional<BasicActivations>& activations, const Panel& panel) {
  if (!activations) return function(panel);
  Panel told = panel;
  told.activations = &*activations;
  function(told);
}

/// One kernel for each pass of a step; null: the gates of the pass run unit by unit.
using GatesOfPasses = std::array<GatesFunction, 2>;

/// Runs gates in vectors where the activations are basic ones and the cell has vector kernels; otherwise unit by unit,
/// with the formulas that all executors share. A projection is none of the gates' business.
class Gates {
 public:
  /// `keeps`: every RowStates::kept is written.
  Gates(const CellSpec& cell, const KernelTable& kernels, bool keeps);

  /// Runs the gates after the product `pass` of a step.
  void apply(std::size_t pass, const PanelGates& panel) const {
    if (vectorised_[pass] != nullptr) {
      run_vectors(vectorised_[pass], activations_, panel);
    } else {
      scalar(pass, panel);
    }
  }

 private:
  void scalar(std::size_t pass, const PanelGates& panel) const;

  const CellSpec cell_;  ///< without a projection
  int lanes_;
  GatesOfPasses vectorised_ = {};
  std::optional<BasicActivations> activations_;  ///< what the vector kernels take
};

}  // namespace rondo::fused
