#include "cpu/fused/scalar_gates.h"

#include "cpu/fused/panels.h"
#include "cpu/fused/variant_weights.h"
#include "recurrence/dispatch_cell.h"

namespace rondo::fused {
namespace {

/// One unit of a row, and the place of its gates in the row's sums.
struct Unit {
  const PanelGates& panel;
  const Pass& pass;
  int lanes;
  std::int64_t row;
  std::int64_t index;  ///< the unit's index in the panel

  const RowStates& states() const { return panel.rows[row]; }
  std::int64_t number() const { return panel.first_unit + index; }

  bool keeps() const { return states().kept != nullptr && number() < panel.units; }

  /// Copies the unit's sums for the pass's gates to the indices that the formula uses.
  void gather(float* input, float* recurrent) const {
    const std::int64_t width = pass.panel_floats(lanes);
    for (int gate = 0; gate < pass.gates; ++gate) {
      const std::int64_t element = (index / lanes * pass.gates + gate) * lanes + index % lanes;
      const float bias = panel.recurrent_bias == nullptr ? 0.0F : panel.recurrent_bias[element];
      input[pass.first_gate + gate] = states().input[panel.input_offset + element];
      recurrent[pass.first_gate + gate] = panel.sums[row * width + element] + bias;
    }
  }
};

/// Writes what a formula keeps of a unit. The first pass of a cell with two has written the reset gate.
template <typename Formula>
auto keep_of(const Unit& unit) {
  float* const kept = unit.states().kept + unit.number();
  const std::int64_t units = unit.panel.units;
  if constexpr (kPhases<Formula> == 2) {
    return [kept, units](float z, float, float n) {
      kept[0] = z;
      kept[2 * units] = n;
    };
  } else {
    return KeepIn<float>{kept, units};
  }
}

template <typename Formula>
void step_unit(const Unit& unit, std::size_t pass, Activations activations) {
  float input[Formula::kGates] = {};
  float recurrent[Formula::kGates] = {};
  const RowStates& states = unit.states();
  const std::int64_t u = unit.number();
  unit.gather(input, recurrent);
  if constexpr (kPhases<Formula> == 2) {
    if (pass == 0) {
      states.c[u] = input[0] + recurrent[0];
      states.reset_h[u] = Formula::reset(input, recurrent, states.h[u], activations);
      if (unit.keeps()) states.kept[unit.panel.units + u] = Formula::kept_reset(input, recurrent, activations);
      return;
    }
    input[0] = states.c[u];
  }
  UnitStates<float> previous{states.h[u]};
  if constexpr (Formula::kStates == 2) previous.c = states.c[u];
  const auto step = [&](auto keep) {
    if constexpr (kIsLstmVariant<Formula>) {
      return Formula::step(input, recurrent, previous, activations, variant_unit(*unit.panel.variant, u), keep);
    } else {
      return Formula::step(input, recurrent, previous, activations, keep);
    }
  };
  const UnitStates<float> next = unit.keeps() ? step(keep_of<Formula>(unit)) : step(KeepNothing{});
  states.next_h[u] = next.h;
  if constexpr (Formula::kStates == 2) states.c[u] = next.c;
}

/// The vector kernels of a cell, of a table of kernels. A cell without an overload has no vector kernels, and its gates
/// run unit by unit.
template <typename Formula>
GatesOfPasses vector_kernels(const GateKernels&, FormulaTag<Formula>) {
  return {};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<SimpleRnnFormula>) { return {kernels.simple_rnn}; }
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<LstmFormula>) { return {kernels.lstm}; }
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<LstmVariantFormula>) {
  return {kernels.lstm_variant};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<GruResetAfterFormula>) {
  return {kernels.gru_reset_after};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<GruResetBeforeFormula>) {
  return {kernels.gru_reset, kernels.gru_candidate};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<MguFormula>) { return {kernels.mgu}; }

}  // namespace

CellActivations vector_activations(const CellSpec& cell, bool has_gate_activation) {
  const Activations of_cell{cell.activation, has_gate_activation ? cell.recurrent_activation : Activation::sigmoid};
  if (of_cell.is_standard()) return {VectorActivations::standard};
  if (!is_basic(of_cell.state.kind) || !is_basic(of_cell.gate.kind)) return {};
  return {VectorActivations::basic, BasicActivations{{of_cell.state.kind}, {of_cell.gate.kind}}};
}

Gates::Gates(const CellSpec& cell, const KernelTable& kernels, bool keeps)
    : cell_(without_projection(cell)), lanes_(kernels.lanes) {
  dispatch_cell(cell_, [&]<typename Formula>(FormulaTag<Formula> formula) {
    const CellActivations activations = vector_activations(cell_, Formula::kHasGateActivation);
    activations_ = activations.basic;
    if (activations.kernels == VectorActivations::standard) {
      vectorised_ = vector_kernels(keeps ? kernels.keeping_gates : kernels.gates, formula);
    } else if (activations.kernels == VectorActivations::basic) {
      vectorised_ = vector_kernels(keeps ? kernels.keeping_basic_gates : kernels.basic_gates, formula);
    }
  });
}

void Gates::scalar(std::size_t pass, const PanelGates& panel) const {
  const Pass& of_cell = passes_of(cell_)[pass];
  dispatch_cell(cell_, [&]<typename Formula>(FormulaTag<Formula>) {
    for (std::int64_t row = 0; row < panel.row_count; ++row) {
      for (std::int64_t index = 0; index < of_cell.panel_units(lanes_); ++index) {
        step_unit<Formula>({panel, of_cell, lanes_, row, index}, pass, {cell_.activation, cell_.recurrent_activation});
      }
    }
  });
}

}  // namespace rondo::fused
