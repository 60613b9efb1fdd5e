#include "layers/loop/step_loop.h"

#include "layers/loop/loop_rows.h"
#include "layers/loop/reordered_rows.h"
#include "layers/loop/step_graphs.h"
#include "recurrence/schedule.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class StepLoop {
 public:
  StepLoop(const StepFunction& step, const LoopArguments& arguments, const LoopOptions& options,
           const SequenceSizes& sizes)
      : step_(step),
        inputs_(arguments.inputs),
        constants_(arguments.constants),
        options_(options),
        sizes_(sizes),
        schedule_{.T = sizes_.T, .B = sizes_.B, .rules = options.rules},
        live_(arguments.live),
        resets_(arguments.resets),
        reset_state_(arguments.reset_state),
        states_(arguments.states) {}

  RnnResult run() {
    for (std::int64_t s = 0; s < sizes_.T; ++s) advance(s);
    if (sizes_.T == 0) start_outputs(options_.output ? *options_.output : zero_nest(first_state()));
    if (!options_.return_all_outputs) {
      outputs_ = last_output_.map([&](const Tensor& leaf) { return leaf.insert_axis(sizes_.time_axis).clone(); });
    }
    return {last_output_, outputs_, states_};
  }

 private:
  // The output before the first step: "the first state in the list must be the output tensor at the previous timestep".
  // If the first state is nested, its first leaf stands for the output.
  Nest first_state() const {
    const std::vector<Tensor> leaves = Nest::tuple(states_).flatten();
    return leaves.empty() ? Tensor::zeros({sizes_.B}, sizes_.dtype, sizes_.device) : leaves[0];
  }

  void advance(std::int64_t s) {
    if (resets_.defined()) begin_pieces(s);
    const std::int64_t t = schedule_.read_time(s, 0);  // all rows read the same step
    const Nest x = inputs_.map([&](const Tensor& leaf) { return leaf.select(sizes_.time_axis, t); });
    StepResult result = step_(x, states_, constants_);
    check_states("step_function: new states", result.states, states_);
    if (s == 0) {
      check_output(result.output);
      if (emits_states()) check_states("step_function: output", {result.output}, {states_[0]});
      start_outputs(zero_nest(result.output));
    }
    check_states("step_function: output", {result.output}, {last_output_});
    if (live_.defined()) {
      const Tensor live = live_.select(0, t);
      for (std::size_t k = 0; k < states_.size(); ++k) {
        result.states[k] = select_rows(live, result.states[k], states_[k]);
      }
      result.output = select_rows(live, result.output, dead_output());
    }
    last_output_ = result.output;
    states_ = std::move(result.states);
    if (options_.return_all_outputs) write_outputs(schedule_.write_time(s, 0));
  }

  // states = reset state, and previous output = zeros, in rows that begin a piece
  void begin_pieces(std::int64_t s) {
    const std::int64_t t = schedule_.reset_time(s, 0);  // the same for all rows
    if (t == sizes_.T) return;
    const Tensor begins = resets_.select(0, t);
    for (std::size_t k = 0; k < states_.size(); ++k) states_[k] = select_rows(begins, reset_state_[k], states_[k]);
    if (s > 0) last_output_ = select_rows(begins, zero_output_, last_output_);
  }

  bool emits_states() const { return live_.defined() && schedule_.rules.dead == DeadOutput::incoming_state; }

  const Nest& dead_output() const {
    if (emits_states()) return states_[0];
    return schedule_.rules.dead == DeadOutput::zeros ? zero_output_ : last_output_;
  }

  void check_output(const Nest& output) const {
    for (const Tensor& leaf : output.flatten()) {
      if (leaf.defined() && leaf.rank() > 0 && leaf.size(0) == sizes_.B) continue;
      throw ValueError("step_function: output", describe(leaf), "a first axis of B = " + std::to_string(sizes_.B));
    }
  }

  // `zeros` is the output before the first step, and has the structure, shapes and dtypes of all outputs.
  void start_outputs(const Nest& zeros) {
    zero_output_ = zeros;
    last_output_ = zeros;
    if (!options_.return_all_outputs) return;
    outputs_ = zeros.map([&](const Tensor& leaf) {
      return Tensor::empty(leaf.shape().insert(sizes_.time_axis, sizes_.T), leaf.dtype(), leaf.device());
    });
    output_leaves_ = outputs_.flatten();
  }

  void write_outputs(std::int64_t t) const {
    const std::vector<Tensor> leaves = last_output_.flatten();
    for (std::size_t k = 0; k < leaves.size(); ++k) output_leaves_[k].select(sizes_.time_axis, t).copy_from(leaves[k]);
  }

  const StepFunction& step_;
  const Nest& inputs_;
  const Constants& constants_;
  const LoopOptions& options_;
  const SequenceSizes sizes_;
  const Schedule schedule_;
  Tensor live_;    // (T, B) by input time; undefined: every row is always live
  Tensor resets_;  // (T, B) by input time; undefined: none
  States reset_state_;
  States states_;
  Nest zero_output_;
  Nest last_output_;
  Nest outputs_;
  std::vector<Tensor> output_leaves_;
};

/// A text with all options that a recorded loop depends on.
std::string recorded_options(const LoopOptions& options, bool time_major) {
  const auto number = [](auto order) { return std::to_string(static_cast<int>(order)); };
  const TimeRules& rules = options.rules;
  std::string text = "read " + number(rules.read) + ", write " + number(rules.write) + ", dead " + number(rules.dead);
  if (time_major) text += ", time-major";
  if (!options.executor.empty()) text += ", " + options.executor;
  return text + (options.return_all_outputs ? ", all outputs" : ", last output");
}

/// run_loop for rows that are reversed within their lengths. The loop takes one time step of all rows at once, so rows
/// and masks are put into processing order before the loop. The lengths do not change: a row has the same leading steps
/// in both orders.
RnnResult run_reordered_rows(const StepFunction& step, const CheckedSequence& sequence, const States& initial_states,
                             LoopOptions options) {
  const std::vector<std::int32_t> lengths = options.lengths.to(DType::i32).to_vector<std::int32_t>();
  const SequenceSizes& sizes = sequence.sizes;
  const Schedule schedule{.T = sizes.T, .B = sizes.B, .rules = options.rules, .lengths = lengths.data()};
  options.rules.read = ReadOrder::forward;
  if (options.mask.defined()) {
    options.mask = rows_reordered(options.mask, schedule, {.time_axis = 0, .batch_axis = 1}).leaf();
  }
  if (options.resets.defined()) options.resets = resets_reordered(options.resets, schedule, sizes);
  RnnResult result = run_loop(step, {rows_reordered(sequence.inputs, schedule, sizes), sizes}, initial_states, options);
  if (options.return_all_outputs && schedule.rules.write == WriteOrder::input) {
    result.outputs = rows_reordered(result.outputs, schedule, sizes);
  }
  return result;
}

}  // namespace

RnnResult run_loop(const StepFunction& step, const CheckedSequence& sequence, const States& initial_states,
                   const LoopOptions& options) {
  const SequenceSizes& sizes = sequence.sizes;
  if (options.rules.read == ReadOrder::reversed_within_length && options.lengths.defined()) {
    return run_reordered_rows(step, sequence, initial_states, options);
  }
  check_initial_states(initial_states, sizes);
  const Tensor resets = resets_within(options, sizes);
  const LoopArguments given{
      sequence.inputs,
      initial_states,
      options.constants,
      live_rows(options, sizes),
      resets,
      resets.defined() ? checked_reset_state("reset_state", options.reset_state, initial_states) : States()};
  const auto loop = [&](const LoopArguments& arguments) { return StepLoop(step, arguments, options, sizes).run(); };
  // A loop that a caller already records in a graph cannot be recorded in another graph.
  const bool recorded = options.unroll && sizes.device.type == DeviceType::cuda && sizes.T > 0 &&
                        !cuda_runtime::is_recording(current_stream(sizes.device));
  if (!recorded) return loop(given);
  const auto graphs = options.graphs != nullptr ? options.graphs : std::make_shared<StepGraphs>();
  return RecordedLoops::run(*graphs, given, recorded_options(options, sequence.time_major()), loop);
}

}  // namespace rondo
