// A layer whose known cells run one after the other, each over the whole sequence: a single cell, and a stack with
// dropout or gradients, which does not run as one network.

#include "layers/keras/cell_tape.h"
#include "layers/keras/layer_call.h"
#include "layers/keras/planned_tensors.h"
#include "layers/loop/result_forms.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

/// The sizes of sequences between the cells of a stack, which are time-major, so that each cell reads them
/// contiguously.
SequenceSizes sizes_between_cells(SequenceSizes sizes) {
  sizes.time_axis = 0;
  sizes.batch_axis = 1;
  return sizes;
}

/// A view (T, B, features), or packed (N, features), of memory in the layout of `sizes`.
Tensor unwritten_sequence(const RecurrenceSpec& spec, const SequenceSizes& sizes, std::int64_t features) {
  return swap_layout(empty_sequence(spec, sizes, features), sizes.time_axis == 0);
}

template <typename Element>
void insert_in_front(std::vector<Element>& list, const std::vector<Element>& elements) {
  list.insert(list.begin(), elements.begin(), elements.end());
}

/// What a layer consists of, for the form of its arguments and results.
struct Structure {
  bool is_stack;
  bool has_sequence;  ///< whether the output is a sequence

  /// The part of a layer's states that cell k has.
  States of_cell(const States& states, std::size_t k) const { return is_stack ? rondo::of_cell(states, k) : states; }
  /// The states of one cell as a part of the layer's.
  States of_layer(const std::vector<Tensor>& states) const {
    if (states.empty()) return {};
    return is_stack ? States{state_of_cell(states)} : States(states.begin(), states.end());
  }
};

/// A call whose gradients are wanted.
struct PlannedTape {
  SequenceSizes sizes;
  Structure structure;
  bool has_initial_state;  ///< whether the call was given one: a stored state has no gradient
  ResultForms results = {};
  std::vector<CellTape> cells = {};  ///< bottom first
  std::vector<Tensor> masks = {};    ///< what the inputs of each cell were multiplied by; undefined: nothing

  LayerGradients operator()(const Nest& d_output, const States& d_states) const;

 private:
  SessionGradients at_the_top(const Nest& d_output) const;
};

SessionGradients PlannedTape::at_the_top(const Nest& d_output) const {
  if (is_absent(d_output)) return {};
  if (!structure.has_sequence) return {.last_output = with_packed_features(d_output.leaf())};
  return {.y = with_packed_features(swap_layout(d_output.leaf(), sizes.time_axis == 0))};
}

// From the top of the stack down: the gradient of a cell's inputs is that of the outputs of the cell below.
LayerGradients PlannedTape::operator()(const Nest& d_output, const States& d_states) const {
  const ResultGradients gradients_given = results.completed(d_output, d_states);
  LayerGradients result;
  SessionGradients given = at_the_top(gradients_given.output);
  for (std::size_t k = cells.size(); k-- > 0;) {
    const RecurrenceSpec& spec = cells[k].spec();
    given.final_state = state_tensors(structure.of_cell(gradients_given.states, k));
    given.x = unwritten_sequence(spec, k == 0 ? sizes : sizes_between_cells(sizes), spec.I);
    CellGradients gradients = cells[k].gradients(given);
    if (masks[k].defined()) gradients.x = mul(gradients.x, masks[k]);
    if (has_initial_state) insert_in_front(result.initial_state, structure.of_layer(gradients.initial_state));
    insert_in_front(result.reset_state, structure.of_layer(gradients.reset_state));
    insert_in_front(result.weights, gradients.weights);
    given = {.y = gradients.x};
  }
  result.inputs = swap_layout(*given.y, sizes.time_axis == 0);
  return result;
}

}  // namespace

// The tensors of the run of cell k, whose inputs `tensors` has.
void RNN::set_results(SessionTensors& tensors, const RecurrenceSpec& spec, const SequenceSizes& sizes, bool top) const {
  const std::int64_t features = output_units(spec.cell);
  tensors.y.reset();
  if (keeps_states()) tensors.final_state = empty_states(spec);
  if (!top) {
    tensors.y = unwritten_sequence(spec, sizes_between_cells(sizes), features);
  } else if (options_.return_sequences) {
    tensors.y = unwritten_sequence(spec, sizes, features);
  } else {
    tensors.last_output = empty_rows(spec, features);
  }
}

LayerResult RNN::run_cells(const Call& call) const {
  const SequenceSizes& sizes = call.sequence.sizes;
  const CallOptions& options = call.options;
  const Structure structure{.is_stack = is_stack(), .has_sequence = options_.return_sequences};
  PlannedTape tape{.sizes = sizes, .structure = structure, .has_initial_state = !options.initial_state.empty()};
  SessionTensors tensors = tensors_of(call);
  LayerResult result;
  const std::vector<RecurrenceSpec> specs = this->specs(request_of(options, sizes), call.rules);
  for (std::size_t k = 0; k < specs.size(); ++k) {
    if (k > 0) tensors.x = *tensors.y;
    // One mask is for all gates and time steps, so the inputs are multiplied by the mask.
    const bool drops = !call.masks.empty() && !call.masks[k].inputs.empty();
    tape.masks.push_back(drops ? call.masks[k].inputs[0] : Tensor());
    if (drops) tensors.x = mul(tensors.x, tape.masks[k]);
    tensors.initial_state = state_tensors(structure.of_cell(call.initial, k));
    tensors.reset_state = state_tensors(structure.of_cell(options.reset_state, k));
    set_results(tensors, specs[k], sizes, k + 1 == specs.size());
    if (options.gradients) {
      tape.cells.emplace_back(*known_cells()[k], specs[k], options.plan, tensors);
    } else {
      KeptCell::run(*known_cells()[k], specs[k], options.plan, tensors);
    }
    const States states = structure.of_layer(tensors.final_state);
    result.states.insert(result.states.end(), states.begin(), states.end());
  }
  result.output = structure.has_sequence ? swap_layout(*tensors.y, call.sequence.time_major()) : *tensors.last_output;
  if (!options.gradients) return result;
  tape.results = ResultForms(result.output, options_.return_state ? result.states : States());
  result.pullback = Pullback(std::move(tape));
  return result;
}

}  // namespace rondo
