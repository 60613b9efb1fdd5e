#include "cpu/fused/backward/gradient_gates.h"

#include <algorithm>

#include "recurrence/dispatch_cell.h"

namespace rondo::fused {
namespace {

using Functions = std::array<GradientFunction, 2>;

/// The vector kernels of a cell; a cell without an overload has none.
template <typename Formula>
Functions vector_kernels(const GradientGateKernels&, FormulaTag<Formula>) {
  return {};
}
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<SimpleRnnFormula>) {
  return {kernels.simple_rnn};
}
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<LstmFormula>) { return {kernels.lstm}; }
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<LstmVariantFormula>) {
  return {kernels.lstm_variant};
}
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<GruResetAfterFormula>) {
  return {kernels.gru_reset_after};
}
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<GruResetBeforeFormula>) {
  return {kernels.gru_candidate, kernels.gru_reset};
}
Functions vector_kernels(const GradientGateKernels& kernels, FormulaTag<MguFormula>) { return {kernels.mgu}; }

/// What was kept of a unit, and its states before the step.
template <typename Formula>
struct KeptUnit {
  float kept[Formula::kKept];
  UnitStates<float> previous;

  KeptUnit(const GradientPanel& panel, const GradientRow& row, std::int64_t u) {
    for (int k = 0; k < Formula::kKept; ++k) kept[k] = row.kept[k * panel.kept_stride + u];
    if (row.unprojected == nullptr) previous.h = row.h[u];  // a projected h has other features
    if constexpr (Formula::kStates == 2) previous.c = row.c[u];
  }
};

/// The gradient of a unit of an LSTM's variant, and what the unit adds to the peepholes' gradients.
template <typename Formula>
UnitGradient<float, Formula::kGates> variant_gradient(const GradientPanel& panel, const GradientRow& row,
                                                      std::int64_t u, const KeptUnit<Formula>& unit,
                                                      const UnitStates<float>& d_next, Activations activations) {
  const LstmVariantUnit<float> variant = variant_unit(*panel.variant, u);
  const auto gradient = Formula::backward(unit.kept, unit.previous, d_next, activations, variant);
  if (row.peephole_terms == nullptr) return gradient;
  const float c = Formula::next(unit.kept, unit.previous, activations, variant).c;
  row.peephole_terms[u] = gradient.input[0] * unit.previous.c;
  row.peephole_terms[panel.gate_stride + u] = gradient.input[1] * unit.previous.c;
  row.peephole_terms[2 * panel.gate_stride + u] = gradient.input[3] * c;
  return gradient;
}

template <typename Formula>
void run_unit(std::size_t stage, const GradientPanel& panel, const GradientRow& row, std::int64_t u,
              Activations activations) {
  const KeptUnit<Formula> unit(panel, row, u);
  UnitStates<float> d_next{row.d_h[u]};
  if constexpr (Formula::kStates == 2) d_next.c = row.d_c[u];
  UnitGradient<float, Formula::kGates> gradient;
  if constexpr (kPhases<Formula> == 2) {
    if (stage == 0) {
      row.d_recurrent[2 * panel.gate_stride + u] = Formula::backward_candidate(unit.kept, d_next.h, activations);
      return;
    }
    gradient = Formula::backward(unit.kept, unit.previous, d_next, activations, row.d_reset_h[u]);
    row.reset_h[u] = value_of_kept(activations.gate, unit.kept[1]) * unit.previous.h;
  } else if constexpr (kIsLstmVariant<Formula>) {
    gradient = variant_gradient(panel, row, u, unit, d_next, activations);
  } else {
    gradient = Formula::backward(unit.kept, unit.previous, d_next, activations);
  }
  for (int gate = 0; gate < Formula::kGates; ++gate) {
    row.d_input[gate * panel.gate_stride + u] = gradient.input[gate];
    row.d_recurrent[gate * panel.gate_stride + u] = gradient.recurrent[gate];
  }
  row.d_h[u] = gradient.previous.h;
  if constexpr (Formula::kStates == 2) row.d_c[u] = gradient.previous.c;
}

}  // namespace

GradientGates::GradientGates(const CellSpec& cell, const KernelTable& kernels) : cell_(cell) {
  dispatch_cell(cell, [&]<typename Formula>(FormulaTag<Formula> formula) {
    const CellActivations activations = vector_activations(cell, Formula::kHasGateActivation);
    activations_ = activations.basic;
    if (activations.kernels == VectorActivations::none) return;
    const bool standard = activations.kernels == VectorActivations::standard;
    const GradientGateKernels& of_gates = standard ? kernels.gradients.gates : kernels.gradients.basic_gates;
    vectorised_ = vector_kernels(of_gates, formula);
    unprojected_ = of_gates.lstm_unprojected;
  });
}

// Products read the lanes behind the units, too.
void GradientGates::scalar(std::size_t stage, const GradientPanel& panel) const {
  dispatch_cell(cell_, [&]<typename Formula>(FormulaTag<Formula>) {
    const Activations activations{cell_.activation, cell_.recurrent_activation};
    const std::int64_t last = std::min(panel.last, panel.units);
    for (int r = 0; r < panel.row_count; ++r) {
      const GradientRow& row = panel.rows[r];
      for (std::int64_t u = panel.first; u < last; ++u) run_unit<Formula>(stage, panel, row, u, activations);
      if (panel.last < panel.units) continue;
      for (int gate = 0; gate < Formula::kGates; ++gate) {
        for (std::int64_t u = panel.units; u < panel.gate_stride; ++u) {
          row.d_input[gate * panel.gate_stride + u] = 0.0F;
          row.d_recurrent[gate * panel.gate_stride + u] = 0.0F;
        }
      }
    }
  });
}

void GradientGates::scalar_unprojected(const GradientPanel& panel) const {
  using Formula = LstmVariantFormula;
  const Activations activations{cell_.activation, cell_.recurrent_activation};
  for (int r = 0; r < panel.row_count; ++r) {
    const GradientRow& row = panel.rows[r];
    for (std::int64_t u = panel.first; u < std::min(panel.last, panel.units); ++u) {
      const KeptUnit<Formula> unit(panel, row, u);
      row.unprojected[u] = Formula::next(unit.kept, unit.previous, activations, variant_unit(*panel.variant, u)).h;
    }
  }
}

}  // namespace rondo::fused
