#include <algorithm>
#include <optional>

#include "layers/keras/layer_call.h"
#include "plan/occupied.h"
#include "plan/session_status.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

States clone_states(const States& states) {
  States copies;
  for (const Nest& state : states) copies.push_back(state.map([](const Tensor& leaf) { return leaf.clone(); }));
  return copies;
}

std::int64_t batch_size_of(const States& states) {
  for (const Nest& state : states) {
    for (const Tensor& leaf : state.flatten()) {
      if (leaf.defined() && leaf.rank() > 0) return leaf.size(0);
    }
  }
  return 0;
}

DType dtype_of_states(const States& states) {
  for (const Nest& state : states) {
    for (const Tensor& leaf : state.flatten()) return leaf.dtype();
  }
  return DType::f32;
}

Device device_of_states(const States& states) {
  for (const Nest& state : states) {
    for (const Tensor& leaf : state.flatten()) return leaf.device();
  }
  return cpu();
}

/// The cells, bottom first, if all of them are known; else empty.
std::vector<const KnownCell*> known_cells_of(const Cell& cell) {
  if (const auto* known = dynamic_cast<const KnownCell*>(&cell)) return {known};
  const auto* stack = dynamic_cast<const StackedRNNCells*>(&cell);
  if (stack == nullptr) return {};
  std::vector<const KnownCell*> cells;
  for (const auto& one : stack->cells()) {
    cells.push_back(dynamic_cast<const KnownCell*>(one.get()));
    if (cells.back() == nullptr) return {};
  }
  return cells;
}

}  // namespace

CheckedSequence check_call_inputs(const Nest& inputs, const CallOptions& call, bool time_major) {
  if (call.batch_sizes) return check_packed_inputs(inputs, *call.batch_sizes, call.row_indices);
  if (call.row_indices) throw ValueError("row_indices", "some", "none, as the inputs are not packed");
  return check_inputs(inputs, time_major);
}

CallOptions with_checked_lengths(const CallOptions& call, const SequenceSizes& sizes) {
  if (sizes.packed() && call.mask) throw ValueError("mask", describe(*call.mask), "none, as the inputs are packed");
  if (sizes.packed() && call.lengths)
    throw ValueError("lengths", describe(*call.lengths), "none, as the inputs are packed");
  if (!call.lengths) return call;
  if (call.mask) throw ValueError("lengths", describe(*call.lengths), "either a mask or lengths");
  CallOptions checked = call;
  checked.lengths = checked_lengths("lengths", *call.lengths, sizes);
  return checked;
}

RNN::RNN(std::shared_ptr<Cell> cell, const RNNOptions& options) : cell_(std::move(cell)), options_(options) {
  if (cell_ == nullptr) throw ValueError("cell", "none", "a cell");
  known_cells_ = known_cells_of(*cell_);
}

RNN::RNN(std::vector<std::shared_ptr<Cell>> cells, const RNNOptions& options)
    : RNN(std::make_shared<StackedRNNCells>(std::move(cells)), options) {}

LayerKeeper::LayerKeeper() : kept_(std::make_unique<Kept>()) {}
LayerKeeper::~LayerKeeper() = default;
LayerKeeper::LayerKeeper(const LayerKeeper&) : LayerKeeper() {}
LayerKeeper& LayerKeeper::operator=(const LayerKeeper&) {
  kept_ = std::make_unique<Kept>();
  return *this;
}

LayerResult RNN::operator()(const Nest& inputs, const CallOptions& call) {
  const CheckedSequence sequence = check_call_inputs(inputs, call, options_.time_major);
  return run(sequence, with_checked_lengths(call, sequence.sizes), rules_of(options_));
}

LayerResult RNN::run(const CheckedSequence& sequence, CallOptions options, const TimeRules& rules) {
  if (!options.constants.empty() && !cell_->accepts_constants()) {
    throw ValueError("constants", std::to_string(options.constants.size()) + " of them",
                     "none, as the cell does not accept constants");
  }
  std::optional<Occupied> occupied;  // the stored states are one call's
  if (options_.stateful) occupied.emplace(keeper_->busy, "stateful layer");
  if (options.training && !options.dropout_call) options.dropout_call = calls_in_training_->fetch_add(1);
  Call call{.sequence = sequence, .options = std::move(options), .rules = rules};
  call.masks = draw_masks(call.options, sequence.sizes.B);
  const bool planned = can_plan(call.masks);
  if (sequence.sizes.packed() && (!planned || !call.masks.empty())) {
    throw ValueError("batch_sizes", "packed inputs", "padded ones, as the layer has a cell of yours or drops inputs");
  }
  // Known cells begin with zeros, which executors need no tensors for.
  const bool begins_with_zeros = planned && states_.empty() && call.options.initial_state.empty();
  if (!begins_with_zeros) call.initial = initial_states(sequence, call.options);
  check_reset_state(sequence, call.options);
  LayerResult result = planned ? run_planned(call) : run_step_loop(call);
  if (options_.stateful) states_ = clone_states(result.states);
  if (!options_.return_state) result.states.clear();
  return result;
}

// Returns the caller's initial states if given, else the stored ones, else the cell's. The caller's states must have
// the structure, shapes and dtypes of the cell's.
States RNN::initial_states(const CheckedSequence& sequence, const CallOptions& call) const {
  const std::int64_t B = sequence.sizes.B;
  const States fresh = cell_->get_initial_state({sequence.inputs, B, sequence.sizes.dtype, sequence.sizes.device});
  if (options_.stateful && !states_.empty() && batch_size_of(states_) != B) {
    throw ValueError("inputs", "a batch of " + std::to_string(B),
                     std::to_string(batch_size_of(states_)) + ", the batch size of the stored states");
  }
  if (!call.initial_state.empty()) {
    check_states("initial_state", call.initial_state, fresh);
    return call.initial_state;
  }
  return options_.stateful && !states_.empty() ? states_ : fresh;
}

void RNN::reload_weights() {
  std::vector<KnownCell*> cells;
  if (auto* known = dynamic_cast<KnownCell*>(cell_.get())) cells = {known};
  if (const auto* stack = dynamic_cast<const StackedRNNCells*>(cell_.get())) {
    for (const auto& cell : stack->cells()) cells.push_back(dynamic_cast<KnownCell*>(cell.get()));
  }
  if (cells.empty() || std::ranges::find(cells, nullptr) != cells.end()) {
    throw ValueError("cell", "one that Rondo does not know", "known cells, whose weights are packed");
  }
  for (KnownCell* cell : cells) cell->reload_weights();
}

// The shapes of the cell's own states decide which reset states fit.
void RNN::check_reset_state(const CheckedSequence& sequence, const CallOptions& call) const {
  check_reset_state_has_resets(call.resets.has_value(), call.reset_state);
  if (call.reset_state.empty()) return;
  const SequenceSizes& sizes = sequence.sizes;
  (void)checked_reset_state("reset_state", call.reset_state,
                            cell_->get_initial_state({sequence.inputs, sizes.B, sizes.dtype, sizes.device}));
}

SessionStatus RNN::finish() const {
  SessionStatus status = finish_kept(keeper_->networks);
  for (const KnownCell* cell : known_cells_) status = merged(status, cell->finish());
  return status;
}

void RNN::reset_states() {
  if (!options_.stateful)
    throw AttributeError("reset_states: got a layer that is not stateful, expected stateful = true");
  if (states_.empty()) {
    throw ValueError("reset_states", "a layer whose batch size is unknown", "a call, or states, before it");
  }
  States zeros;
  for (const Nest& state : states_) {
    zeros.push_back(
        state.map([](const Tensor& leaf) { return Tensor::zeros(leaf.shape(), leaf.dtype(), leaf.device()); }));
  }
  states_ = std::move(zeros);
}

void RNN::reset_states(const States& states) {
  if (!options_.stateful)
    throw AttributeError("reset_states: got a layer that is not stateful, expected stateful = true");
  if (states_.empty()) {
    const Nest no_inputs;
    check_states("states", states,
                 cell_->get_initial_state(
                     {no_inputs, batch_size_of(states), dtype_of_states(states), device_of_states(states)}));
  } else {
    check_states("states", states, states_);
  }
  states_ = clone_states(states);
}

}  // namespace rondo
