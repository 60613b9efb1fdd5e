#include "cpu/fused/scalar_gates.h"

#include "cpu/fused/panels.h"
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
  const UnitStates<float> next = unit.keeps()
                                     ? Formula::step(input, recurrent, previous, activations, keep_of<Formula>(unit))
                                     : Formula::step(input, recurrent, previous, activations);
  states.next_h[u] = next.h;
  if constexpr (Formula::kStates == 2) states.c[u] = next.c;
}

/// The vector kernels of a cell with tanh and sigmoid. A cell without an overload has no vector kernels, and its gates
/// run unit by unit.
template <typename Formula>
GatesOfPasses vector_kernels(const GateKernels&, FormulaTag<Formula>) {
  return {};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<SimpleRnnFormula>) { return {kernels.simple_rnn}; }
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<LstmFormula>) { return {kernels.lstm}; }
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<GruResetAfterFormula>) {
  return {kernels.gru_reset_after};
}
GatesOfPasses vector_kernels(const GateKernels& kernels, FormulaTag<GruResetBeforeFormula>) {
  return {kernels.gru_reset, kernels.gru_candidate};
}

}  // namespace

Gates::Gates(const CellSpec& cell, const KernelTable& kernels, bool keeps) : cell_(cell), lanes_(kernels.lanes) {
  dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula> formula) {
    const Activation gate = Formula::kHasGateActivation ? cell.recurrent_activation : Activation::sigmoid;
    if (Activations{cell.activation, gate}.is_standard())
      vectorised_ = vector_kernels(keeps ? kernels.keeping_gates : kernels.gates, formula);
  });
}

void Gates::scalar(std::size_t pass, const PanelGates& panel) const {
  const Pass& of_cell = passes_of(cell_)[pass];
  dispatch_plain_cell(cell_, [&]<typename Formula>(FormulaTag<Formula>) {
    for (std::int64_t row = 0; row < panel.row_count; ++row) {
      for (std::int64_t index = 0; index < of_cell.panel_units(lanes_); ++index) {
        step_unit<Formula>({panel, of_cell, lanes_, row, index}, pass, {cell_.activation, cell_.recurrent_activation});
      }
    }
  });
}

}  // namespace rondo::fused
