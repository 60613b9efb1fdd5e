#include <algorithm>

#include "layers/loop/loop_rows.h"
#include "layers/loop/packed_states.h"
#include "layers/loop/step_loop.h"
#include "layers/tf1/v1_sequence.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/v1.h"
#include "rondo/vocabulary/error.h"

namespace rondo::v1 {
namespace {

// B and the device, taken from the first input.
struct Rows {
  std::int64_t B = 0;
  Device device = {};
};

Rows check_first_input(const Nest& input) {
  const std::vector<Tensor> leaves = input.flatten();
  if (leaves.empty()) throw ValueError("loop_function: next_input", "no tensor", "at least one");
  for (const Tensor& leaf : leaves) {
    const bool fits =
        leaf.defined() && leaf.rank() > 0 && leaf.size(0) == leaves[0].size(0) && leaf.device() == leaves[0].device();
    if (!fits) throw ValueError("loop_function: next_input", describe(leaf), "(B, ...) with one B for all");
  }
  return {leaves[0].size(0), leaves[0].device()};
}

// The emission of a finished row: zeros, which also have the structure, shapes and dtypes of all emissions.
Nest zero_emission(const Cell& cell, const LoopFunctionResult& first, const Rows& rows) {
  if (first.emit_output) {
    return first.emit_output->map([&](const Tensor& leaf) {
      if (!leaf.defined()) throw ValueError("loop_function: emit_output", describe(leaf), "a tensor at time 0");
      return Tensor::zeros(leaf.shape().insert(0, rows.B), leaf.dtype(), rows.device);
    });
  }
  const std::vector<Tensor> leaves = first.next_cell_state.flatten();
  if (leaves.empty()) {
    throw ValueError("loop_function: emit_output", "none at time 0, and a state without tensors", "one of the two");
  }
  return zeros_of(cell.output_size(), rows.B, leaves[0].dtype(), rows.device);
}

// Stacks the emissions of all steps along a new first axis.
Nest stack_steps(const std::vector<Nest>& steps, const Nest& zeros) {
  const auto count = static_cast<std::int64_t>(steps.size());
  const Nest stacked = zeros.map(
      [&](const Tensor& leaf) { return Tensor::empty(leaf.shape().insert(0, count), leaf.dtype(), leaf.device()); });
  const std::vector<Tensor> targets = stacked.flatten();
  for (std::int64_t t = 0; t < count; ++t) {
    const std::vector<Tensor> leaves = steps[static_cast<std::size_t>(t)].flatten();
    for (std::size_t k = 0; k < leaves.size(); ++k) targets[k].select(0, t).copy_from(leaves[k]);
  }
  return stacked;
}

class RawLoop {
 public:
  RawLoop(Cell& cell, const LoopFunction& loop_function, const PlanOptions& plan)
      : cell_(cell), loop_function_(loop_function), plan_(plan) {
    const LoopFunctionResult first = loop_function_({});
    rows_ = check_first_input(first.next_input);
    check_cell_state("loop_function: next_cell_state", first.next_cell_state, cell.state_size(), rows_.B, rows_.device);
    live_ = Tensor::full({rows_.B}, 1.0, DType::boolean, rows_.device);
    finish(first.elements_finished);
    zeros_ = zero_emission(cell, first, rows_);
    input_ = first.next_input;
    state_ = first.next_cell_state;
    loop_state_ = first.next_loop_state;
  }

  RawRnnResult run() {
    while (any_live()) advance();
    return {stack_steps(emitted_, zeros_), state_, loop_state_};
  }

 private:
  bool any_live() const {
    const std::vector<bool> rows = live_.to_vector<bool>();
    return std::find(rows.begin(), rows.end(), true) != rows.end();
  }

  void finish(const Tensor& finished) {
    const bool fits = finished.defined() && finished.shape() == Shape{rows_.B} && finished.dtype() == DType::boolean &&
                      finished.device() == rows_.device;
    if (!fits) {
      throw ValueError("loop_function: elements_finished", describe(finished),
                       "bool(" + std::to_string(rows_.B) + ",) on " + to_string(rows_.device));
    }
    live_ = where(finished, zeros_like(live_), live_);
  }

  void advance() {
    const SizeNest state_size = cell_.state_size();
    StepResult step = cell_.call(input_, unpack_states(state_size, state_), {.plan = plan_});
    const Nest cell_state = pack_states(state_size, std::move(step.states));
    check_states("cell: new state", {cell_state}, {state_});
    LoopFunctionResult next =
        loop_function_({static_cast<std::int64_t>(emitted_.size()) + 1, step.output, cell_state, loop_state_});
    check_states("loop_function: next_cell_state", {next.next_cell_state}, {state_});
    check_states("loop_function: next_input", {next.next_input}, {input_});
    if (!next.emit_output) {
      throw ValueError("loop_function: emit_output", "none after time 0", "the structure " + zeros_.structure());
    }
    check_states("loop_function: emit_output", {*next.emit_output}, {zeros_});
    emitted_.push_back(select_rows(live_, *next.emit_output, zeros_));
    state_ = select_rows(live_, next.next_cell_state, state_);
    input_ = std::move(next.next_input);
    if (next.next_loop_state) loop_state_ = std::move(next.next_loop_state);
    finish(next.elements_finished);
  }

  Cell& cell_;
  const LoopFunction& loop_function_;
  const PlanOptions& plan_;
  Rows rows_;
  Tensor live_;  // (B,): not finished
  Nest zeros_;
  Nest input_;
  Nest state_;
  std::optional<Nest> loop_state_;
  std::vector<Nest> emitted_;
};

}  // namespace

RawRnnResult raw_rnn(const std::shared_ptr<Cell>& cell, const LoopFunction& loop_function,
                     const RawRnnOptions& options) {
  if (cell == nullptr) throw TypeError("cell", "none", "a cell");
  if (!loop_function) throw TypeError("loop_function", "none", "a function");
  return RawLoop(*cell, loop_function, options.plan).run();
}

}  // namespace rondo::v1
