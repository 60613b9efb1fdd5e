#include "rondo/keras/bidirectional.h"

#include "layers/keras/bidirectional_pullback.h"
#include "layers/keras/layer_call.h"
#include "plan/session_status.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The options of the layers inside a Bidirectional, which differ from those that the caller gave.
RNNOptions inner_options(RNNOptions options) {
  options.zero_output_for_mask = options.return_sequences;
  options.return_state = true;
  return options;
}

void check_same(const char* name, bool forward, bool backward) {
  if (forward == backward) return;
  const auto word = [](bool value) { return std::string(value ? "true" : "false"); };
  throw ValueError(std::string("backward layer, ") + name, word(backward), word(forward) + " as in the forward layer");
}

const RNN& checked(const RNN& backward, const RNN& forward) {
  const RNNOptions& options = forward.options();
  const RNNOptions& other = backward.options();
  if (options.go_backwards == other.go_backwards) {
    throw ValueError("backward layer, go_backwards", "that of the forward layer", "the opposite");
  }
  check_same("return_sequences", options.return_sequences, other.return_sequences);
  check_same("return_state", options.return_state, other.return_state);
  check_same("stateful", options.stateful, other.stateful);
  check_same("time_major", options.time_major, other.time_major);
  return backward;
}

RNN turned(const RNN& layer, const std::vector<RecurrentWeights>& weights) {
  RNNOptions options = layer.options();
  options.go_backwards = !options.go_backwards;
  const std::vector<const KnownCell*> cells = layer.known_cells();
  if (cells.empty()) throw ValueError("layer", "cells of the user's own", "known cells, or a backward layer");
  if (weights.size() != cells.size()) {
    throw ValueError("backward_weights", std::to_string(weights.size()) + " of them",
                     std::to_string(cells.size()) + ", one for each cell");
  }
  std::vector<std::shared_ptr<Cell>> copies;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    DropoutOptions dropout = cells[k]->dropout();
    ++dropout.seed;  // else both directions would drop the same elements
    copies.push_back(std::make_shared<KnownCell>(cells[k]->spec(), weights[k], dropout));
  }
  const bool stacked = dynamic_cast<const StackedRNNCells*>(&layer.cell()) != nullptr;
  return stacked ? RNN(std::move(copies), options) : RNN(copies[0], options);
}

void check_even(const std::string& name, const States& states) {
  if (states.size() % 2 == 0) return;
  throw ValueError(name, std::to_string(states.size()) + " states",
                   "an even number: those of the forward layer, then those of the backward one");
}

// The call with one direction's half of the states.
CallOptions half_of(CallOptions call, Direction direction) {
  for (States* states : {&call.initial_state, &call.reset_state}) {
    const auto middle = states->begin() + static_cast<std::ptrdiff_t>(states->size() / 2);
    if (direction == Direction::forward) {
      states->erase(middle, states->end());
    } else {
      states->erase(states->begin(), middle);
    }
  }
  return call;
}

Tensor merge(const Tensor& forward, const Tensor& backward, MergeMode mode) {
  if (mode == MergeMode::concat) return concat({forward, backward});
  if (forward.shape() != backward.shape()) {
    throw ValueError("backward layer, output", to_string(backward.shape()),
                     to_string(forward.shape()) + " as of the forward layer, for merge_mode " + to_string(mode));
  }
  switch (mode) {
    case MergeMode::sum: return add(forward, backward);
    case MergeMode::mul: return mul(forward, backward);
    default: return mul(add(forward, backward), 0.5);
  }
}

}  // namespace

std::string to_string(MergeMode mode) {
  switch (mode) {
    case MergeMode::concat: return "concat";
    case MergeMode::sum: return "sum";
    case MergeMode::mul: return "mul";
    case MergeMode::ave: return "ave";
    case MergeMode::none: return "none";
  }
  return "unknown";
}

Bidirectional::Bidirectional(const RNN& forward, const RNN& backward, MergeMode merge_mode)
    : forward_(forward.with_options(inner_options(forward.options()))),
      backward_(checked(backward, forward).with_options(inner_options(backward.options()))),
      merge_mode_(merge_mode),
      return_state_(forward.options().return_state) {}

Bidirectional::Bidirectional(const RNN& layer, const std::vector<RecurrentWeights>& backward_weights,
                             MergeMode merge_mode)
    : Bidirectional(layer, turned(layer, backward_weights), merge_mode) {}

LayerResult Bidirectional::operator()(const Nest& inputs, const CallOptions& call) {
  const CheckedSequence sequence = check_call_inputs(inputs, call, forward_.options().time_major);
  const CallOptions checked = with_checked_lengths(call, sequence.sizes);
  check_states_of_both(sequence, call);
  if (sequence.sizes.packed() && !is_one_network(sequence, checked)) {
    throw ValueError("batch_sizes", "packed inputs", "padded ones, as the layers are not one network of known cells");
  }
  const bool as_network = is_one_network(sequence, checked) && !call.gradients;  // gradients are those of each layer
  Results results = as_network ? run_network(sequence, checked) : run_apart(sequence, checked);
  LayerResult result;
  if (results.beside.defined()) {
    result.output = results.beside;
  } else if (merge_mode_ == MergeMode::none) {
    result.output = Nest::tuple({results.forward, results.backward});
  } else {
    result.output = merge(results.forward.leaf(), results.backward.leaf(), merge_mode_);
  }
  if (return_state_) result.states = results.states;
  if (call.gradients) result.pullback = pullback_of(std::move(results), sequence.sizes, result);
  return result;
}

Pullback Bidirectional::pullback_of(Results results, const SequenceSizes& sizes, const LayerResult& result) const {
  BidirectionalTape tape{.forward = std::move(results.forward_pullback),
                         .backward = std::move(results.backward_pullback),
                         .merge_mode = merge_mode_,
                         .sizes = sizes,
                         .turned = results.turned,
                         .forward_states = results.forward_states,
                         .results = ResultForms(result.output, result.states)};
  if (merge_mode_ == MergeMode::concat) tape.forward_features = results.forward.leaf().size(-1);
  if (merge_mode_ == MergeMode::mul) {
    tape.forward_output = std::move(results.forward);
    tape.backward_output = std::move(results.backward);
  }
  return Pullback(std::move(tape));
}

void Bidirectional::reload_weights() {
  forward_.reload_weights();
  backward_.reload_weights();
}

SessionStatus Bidirectional::finish() const { return merged(forward_.finish(), backward_.finish()); }

void Bidirectional::reset_states() {
  forward_.reset_states();
  backward_.reset_states();
}

bool Bidirectional::is_one_network(const CheckedSequence& sequence, const CallOptions& call) const {
  const auto single = [](const RNN& layer) {
    return layer.options().stateful ? nullptr : dynamic_cast<const KnownCell*>(&layer.cell());
  };
  const KnownCell* forward = single(forward_);
  const KnownCell* backward = single(backward_);
  if (forward == nullptr || backward == nullptr || forward_.options().go_backwards) return false;
  if (!sequence.inputs.is_leaf() || !call.constants.empty()) return false;
  if (call.training && (forward->dropout().drops() || backward->dropout().drops())) return false;
  const Tensor& kernel = forward->weights().kernel;
  const Tensor& other = backward->weights().kernel;
  return kernel.size(0) == other.size(0) && kernel.dtype() == other.dtype() && kernel.device() == other.device();
}

// Checks the states of both layers before either runs, so that no layer stores states of a call that fails.
void Bidirectional::check_states_of_both(const CheckedSequence& sequence, const CallOptions& call) const {
  check_reset_state_has_resets(call.resets.has_value(), call.reset_state);
  if (call.initial_state.empty() && call.reset_state.empty()) return;
  check_even("initial_state", call.initial_state);
  check_even("reset_state", call.reset_state);
  const auto check = [&](const RNN& layer, const std::string& name, const CallOptions& half) {
    const SequenceSizes& sizes = sequence.sizes;
    if (half.initial_state.empty() && half.reset_state.empty()) return;
    const States fresh = layer.cell().get_initial_state({sequence.inputs, sizes.B, sizes.dtype, sizes.device});
    if (!half.initial_state.empty()) check_states(name + " layer, initial_state", half.initial_state, fresh);
    (void)checked_reset_state(name + " layer, reset_state", half.reset_state, fresh);
  };
  check(forward_, "forward", half_of(call, Direction::forward));
  check(backward_, "backward", half_of(call, Direction::backward));
}

// Runs one layer after the other. Both outputs are in the order in which the forward layer reads: if that is the input
// order, the backward layer writes in input order; else the backward layer reads forward, and its output is reversed.
Bidirectional::Results Bidirectional::run_apart(const CheckedSequence& sequence, const CallOptions& call) {
  LayerResult forward = forward_.run(sequence, half_of(call, Direction::forward), rules_of(forward_.options()));
  const TimeRules rules = rules_of(backward_.options());
  const bool turns = rules.reads_forward() && backward_.options().return_sequences;
  LayerResult backward = backward_.run(sequence, half_of(call, Direction::backward), rules.in_input_order());
  Results results{.forward = std::move(forward.output),
                  .backward = std::move(backward.output),
                  .forward_states = forward.states.size(),
                  .forward_pullback = std::move(forward.pullback),
                  .backward_pullback = std::move(backward.pullback),
                  .turned = turns};
  if (turns) results.backward = turn_time(results.backward, sequence.sizes);
  results.states = std::move(forward.states);
  results.states.insert(results.states.end(), backward.states.begin(), backward.states.end());
  return results;
}

}  // namespace rondo
