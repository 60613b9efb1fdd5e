#include "cpu/fused/backward/gradient_gates.h"

#include <algorithm>

#include "recurrence/dispatch_cell.h"

namespace rondo::fused {
namespace {

using Functions = std::array<GradientFunction, 2>;

/// The vector kernels of a cell; a cell without an overload has none.
template <typename Formula>
Functions vector_kernels(const GradientKernels&, FormulaTag<Formula>) {
  return {};
}
Functions vector_kernels(const GradientKernels& kernels, FormulaTag<SimpleRnnFormula>) { return {kernels.simple_rnn}; }
Functions vector_kernels(const GradientKernels& kernels, FormulaTag<LstmFormula>) { return {kernels.lstm}; }
Functions vector_kernels(const GradientKernels& kernels, FormulaTag<GruResetAfterFormula>) {
  return {kernels.gru_reset_after};
}
Functions vector_kernels(const GradientKernels& kernels, FormulaTag<GruResetBeforeFormula>) {
  return {kernels.gru_candidate, kernels.gru_reset};
}

template <typename Formula>
void run_unit(std::size_t stage, const GradientPanel& panel, const GradientRow& row, std::int64_t u,
              Activations activations) {
  float kept[Formula::kKept];
  for (int k = 0; k < Formula::kKept; ++k) kept[k] = row.kept[k * panel.kept_stride + u];
  UnitStates<float> previous{row.h[u]};
  UnitStates<float> d_next{row.d_h[u]};
  if constexpr (Formula::kStates == 2) {
    previous.c = row.c[u];
    d_next.c = row.d_c[u];
  }
  UnitGradient<float, Formula::kGates> gradient;
  if constexpr (kPhases<Formula> == 2) {
    if (stage == 0) {
      row.d_recurrent[2 * panel.gate_stride + u] = Formula::backward_candidate(kept, d_next.h, activations);
      return;
    }
    gradient = Formula::backward(kept, previous, d_next, activations, row.d_reset_h[u]);
    row.reset_h[u] = value_of_kept(activations.gate, kept[1]) * previous.h;
  } else {
    gradient = Formula::backward(kept, previous, d_next, activations);
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
  dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula> formula) {
    const Activation gate = Formula::kHasGateActivation ? cell.recurrent_activation : Activation::sigmoid;
    if (Activations{cell.activation, gate}.is_standard()) vectorised_ = vector_kernels(kernels.gradients, formula);
  });
}

// Products read the lanes behind the units, too.
void GradientGates::scalar(std::size_t stage, const GradientPanel& panel) const {
  dispatch_plain_cell(cell_, [&]<typename Formula>(FormulaTag<Formula>) {
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

}  // namespace rondo::fused
