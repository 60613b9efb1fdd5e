#include "layers/tf1/v1_pullback.h"

#include "layers/keras/planned_tensors.h"
#include "layers/loop/gradient_nests.h"
#include "layers/tf1/v1_state_forms.h"
#include "layers/tf1/v1_weights.h"

namespace rondo::v1 {
namespace {

/// A call whose gradients are wanted.
struct SequenceTape {
  std::shared_ptr<const Cell> cell;
  std::vector<SequenceCell> cells;  ///< bottom first: the cell, or those of a stack
  std::vector<CellTape> tapes;      ///< one for each of `cells`
  SequenceSizes sizes;
  bool has_initial_state;  ///< whether the call was given one
  ResultForms results;

  LayerGradients operator()(const Nest& d_outputs, const States& d_states) const;

 private:
  bool is_stack() const { return cells[0].cell != cell.get(); }
  bool time_major() const { return sizes.time_axis == 0; }
  States of_cells(const Nest& state) const { return is_stack() ? states_of_cells(*cell, state) : States{state}; }
};

// From the top of a stack down: the gradient of a cell's inputs is that of the outputs of the cell below.
LayerGradients SequenceTape::operator()(const Nest& d_outputs, const States& d_states) const {
  const auto& [d_sequence, d_final] = results.completed(d_outputs, d_states);
  LayerGradients result;
  const States d_of_cells = d_final.empty() ? States() : of_cells(d_final[0]);
  States d_initial(cells.size());
  SessionGradients given;
  if (!is_absent(d_sequence)) given.y = with_packed_features(swap_layout(d_sequence.leaf(), time_major()));
  for (std::size_t k = cells.size(); k-- > 0;) {
    const RecurrenceSpec& spec = tapes[k].spec();
    if (!d_final.empty()) {
      const std::vector<Tensor> states = keras_states(cells[k], d_of_cells[k]);
      given.final_state = state_tensors(States(states.begin(), states.end()));
    }
    const bool in_steps = k > 0 || time_major();
    const Shape shape = in_steps ? Shape{spec.T, spec.B, spec.I} : Shape{spec.B, spec.T, spec.I};
    given.x = swap_layout(Tensor::empty(shape, spec.dtype, spec.device), in_steps);
    const CellGradients gradients = tapes[k].gradients(given);
    d_initial[k] = cell_state(cells[k], gradients.initial_state);
    const std::vector<Tensor> variables = variable_gradients(cells[k], gradients.weights);
    result.weights.insert(result.weights.begin(), variables.begin(), variables.end());
    given = {.y = gradients.x};
  }
  result.inputs = swap_layout(*given.y, time_major());
  if (has_initial_state) result.initial_state = {is_stack() ? state_of_stack(*cell, d_initial) : d_initial[0]};
  return result;
}

}  // namespace

Pullback pullback_of(const Sequence& sequence, std::span<const SequenceCell> cells, std::vector<CellTape> tapes,
                     const DynamicRnnResult& result) {
  return Pullback(SequenceTape{.cell = sequence.cell,
                               .cells = {cells.begin(), cells.end()},
                               .tapes = std::move(tapes),
                               .sizes = sequence.sizes(),
                               .has_initial_state = sequence.given_state != nullptr,
                               .results = ResultForms(result.outputs, {result.state})});
}

Pullback pullback_of(const DynamicRnnResult& forward, const DynamicRnnResult& backward) {
  const ResultForms results(Nest::tuple({forward.outputs, backward.outputs}), {forward.state, backward.state});
  const auto both = [results, fw = forward.pullback, bw = backward.pullback](const Nest& d_outputs,
                                                                             const States& d_states) {
    const ResultGradients given = results.completed(d_outputs, d_states);
    const bool absent = is_absent(given.output);
    const auto of = [&](std::size_t k) { return given.states.empty() ? States() : States{given.states[k]}; };
    LayerGradients first = fw(absent ? Nest() : given.output[0], of(0));
    LayerGradients second = bw(absent ? Nest() : given.output[1], of(1));
    return LayerGradients{.inputs = sum_of(first.inputs, second.inputs),
                          .initial_state = joined(std::move(first.initial_state), second.initial_state),
                          .weights = joined(std::move(first.weights), second.weights)};
  };
  return Pullback(both);
}

}  // namespace rondo::v1
