#include "layers/loop/loop_pullback.h"

#include <memory>

#include "layers/loop/gradient_nests.h"
#include "layers/loop/loop_rows.h"
#include "recurrence/schedule.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// What the gradients of a loop need of its run.
struct LoopTape {
  SequenceSizes sizes;
  Schedule schedule;
  bool return_all_outputs;
  Tensor live;    ///< (T, B) by input time; undefined: every row is always live
  Tensor resets;  ///< (T, B) by input time; undefined: none
  NestForm inputs;
  std::vector<NestForm> states;
  std::vector<NestForm> constants;
  std::vector<NestForm> reset_state;  ///< as given; empty: zeros, which have no gradient
  NestForm output = {};               ///< of one step
  NestForm outputs = {};              ///< of the result
  std::vector<StepPullback> steps = {};
};

/// Sums over the rows where a state had no axis of the batch.
std::vector<Nest> without_rows(const std::vector<Nest>& gradients, const std::vector<NestForm>& forms) {
  std::vector<Nest> result;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const std::vector<TensorForm> leaves = forms[k].flatten();
    std::size_t next = 0;
    result.push_back(gradients[k].map([&](const Tensor& gradient) {
      return leaves[next++].shape.rank() == gradient.rank() ? gradient : sum(gradient, {0});
    }));
  }
  return result;
}

/// The steps of a loop in reverse. What a step did, in its order:
///
///     begins:  states = reset state, previous output = 0
///     live:    output, states = step(x[t], states)
///     dead:    output = previous output, or 0, or the first state; the states stay
///     outputs[w] = output
class LoopAdjoint {
 public:
  LoopAdjoint(const LoopTape& tape, const RnnResultGradients& given)
      : tape_(tape),
        d_outputs_(given.outputs),
        d_output_(completed("last_output", given.last_output, tape.output)),
        d_states_(completed("new_states", given.new_states, tape.states)),
        d_reset_(zeros_of(tape.states)),
        d_constants_(zeros_of(tape.constants)),
        d_inputs_(zeros_of(tape.inputs)),
        zero_states_(zeros_of(tape.states)),
        zero_output_(zeros_of(tape.output)) {
    if (!is_absent(d_outputs_)) d_outputs_ = completed("outputs", d_outputs_, tape.outputs);
  }

  RnnGradients run() {
    const std::int64_t T = tape_.sizes.T;
    if (T > 0 && !tape_.return_all_outputs) add_output_at(0);
    for (std::int64_t s = T - 1; s >= 0; --s) {
      if (tape_.return_all_outputs) add_output_at(tape_.schedule.write_time(s, 0));
      go_back(s);
      if (tape_.resets.defined()) go_back_over_resets(s);
    }
    return {.inputs = d_inputs_,
            .initial_states = d_states_,
            .reset_state = without_rows(d_reset_, tape_.reset_state),
            .constants = d_constants_};
  }

 private:
  void add_output_at(std::int64_t w) {
    if (is_absent(d_outputs_)) return;
    const int axis = tape_.sizes.time_axis;
    d_output_ = sum_of(d_output_, d_outputs_.map([&](const Tensor& leaf) { return leaf.select(axis, w); }));
  }

  // d_output_ and d_states_ become those before the step.
  void go_back(std::int64_t s) {
    const std::int64_t t = tape_.schedule.read_time(s, 0);  // the same for all rows
    if (!tape_.live.defined()) {
      StepGradients gradients = of_step(s, d_output_, d_states_);
      write_inputs(t, gradients.inputs);
      d_output_ = zero_output_;
      d_states_ = std::move(gradients.states);
      return;
    }
    const Tensor live = tape_.live.select(0, t);
    StepGradients gradients = of_step(s, select_rows(live, d_output_, zero_output_), rows_of(live, d_states_));
    write_inputs(t, gradients.inputs.map([&](const Tensor& leaf) { return select_leaf(live, leaf); }));
    const Nest d_dead = select_rows(live, zero_output_, d_output_);
    for (std::size_t k = 0; k < d_states_.size(); ++k) {
      const Nest d_kept = select_rows(live, zero_states_[k], d_states_[k]);
      d_states_[k] = sum_of(d_kept, select_rows(live, gradients.states[k], zero_states_[k]));
    }
    const DeadOutput dead = tape_.schedule.rules.dead;
    if (dead == DeadOutput::incoming_state) d_states_[0] = sum_of(d_states_[0], d_dead);
    d_output_ = dead == DeadOutput::previous_output ? d_dead : zero_output_;
  }

  // The gradients of rows that begin a piece are the reset state's, and those of the former states are zeros.
  void go_back_over_resets(std::int64_t s) {
    const std::int64_t t = tape_.schedule.reset_time(s, 0);
    if (t == tape_.sizes.T) return;
    const Tensor begins = tape_.resets.select(0, t);
    d_reset_ = sum_of(d_reset_, rows_of(begins, d_states_));
    for (std::size_t k = 0; k < d_states_.size(); ++k) {
      d_states_[k] = select_rows(begins, zero_states_[k], d_states_[k]);
    }
    d_output_ = select_rows(begins, zero_output_, d_output_);
  }

  StepGradients of_step(std::int64_t s, const Nest& d_output, const States& d_states) {
    const StepGradients given = tape_.steps[static_cast<std::size_t>(s)](d_output, d_states);
    const int axis = tape_.sizes.time_axis;
    const NestForm inputs = tape_.inputs.map([&](const TensorForm& leaf) {
      return TensorForm{leaf.shape.erase(axis), leaf.dtype, leaf.device};
    });
    d_constants_ = sum_of(d_constants_, completed("step's pullback: constants", given.constants, tape_.constants));
    return {completed("step's pullback: inputs", given.inputs, inputs),
            completed("step's pullback: states", given.states, tape_.states),
            {}};
  }

  /// The gradients of these rows of the states, and zeros of the others.
  States rows_of(const Tensor& rows, const States& states) const {
    States chosen;
    for (std::size_t k = 0; k < states.size(); ++k) chosen.push_back(select_rows(rows, states[k], zero_states_[k]));
    return chosen;
  }

  static Tensor select_leaf(const Tensor& rows, const Tensor& leaf) {
    return select_rows(rows, leaf, rondo::zeros_like(leaf)).leaf();
  }

  void write_inputs(std::int64_t t, const Nest& gradients) {
    const std::vector<Tensor> leaves = gradients.flatten();
    std::size_t next = 0;
    d_inputs_.visit([&](const Tensor& all) { all.select(tape_.sizes.time_axis, t).copy_from(leaves[next++]); });
  }

  const LoopTape& tape_;
  Nest d_outputs_;  ///< absent: zeros
  Nest d_output_;   ///< of what the current step emitted
  States d_states_;
  States d_reset_;
  Constants d_constants_;
  Nest d_inputs_;
  const States zero_states_;
  const Nest zero_output_;
};

/// A copy of one step's inputs with zeros in dead rows. A step's pullback may multiply what a dead row has read by a
/// gradient that is zero, which for NaN is not zero.
Nest live_inputs(const Nest& x, const Tensor& live) {
  return x.map([&](const Tensor& leaf) { return select_rows(live, leaf, zeros_like(leaf)).leaf(); });
}

}  // namespace

RnnWithPullback run_loop_with_pullback(const DifferentiableStep& step, const CheckedSequence& sequence,
                                       const States& initial_states, const LoopOptions& options) {
  const SequenceSizes& sizes = sequence.sizes;
  auto tape = std::make_shared<LoopTape>(LoopTape{.sizes = sizes,
                                                  .schedule = {.T = sizes.T, .B = sizes.B, .rules = options.rules},
                                                  .return_all_outputs = options.return_all_outputs,
                                                  .live = live_rows(options, sizes),
                                                  .resets = resets_within(options, sizes),
                                                  .inputs = forms_of(sequence.inputs),
                                                  .states = forms_of(initial_states),
                                                  .constants = forms_of(options.constants),
                                                  .reset_state = forms_of(options.reset_state)});
  const StepFunction recorded = [&](const Nest& x, const States& states, const Constants& constants) -> StepResult {
    const auto s = static_cast<std::int64_t>(tape->steps.size());
    const bool masked = tape->live.defined();
    const Nest inputs = masked ? live_inputs(x, tape->live.select(0, tape->schedule.read_time(s, 0))) : x;
    StepWithPullback result = step(inputs, states, constants);
    if (!result.pullback) throw ValueError("step_function: pullback", "none", "a function");
    tape->steps.push_back(std::move(result.pullback));
    return {std::move(result.output), std::move(result.states)};
  };
  LoopOptions plain = options;
  plain.unroll = false;
  RnnWithPullback run{run_loop(recorded, sequence, initial_states, plain), {}};
  tape->output = forms_of(run.result.last_output);
  tape->outputs = forms_of(run.result.outputs);
  run.pullback = [tape](const RnnResultGradients& given) { return LoopAdjoint(*tape, given).run(); };
  return run;
}

}  // namespace rondo
