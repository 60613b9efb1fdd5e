#include "layers/loop/step_loop.h"

#include "layers/loop/sequence_arguments.h"
#include "layers/loop/step_graphs.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// live (B,) as (B, 1, 1, ...), to choose between tensors of `rank` axes that begin with the batch.
Tensor align_mask(const Tensor& live, int rank) {
  Tensor aligned = live;
  while (aligned.rank() < rank) aligned = aligned.insert_axis(aligned.rank());
  return aligned;
}

Nest zeros_like_nest(const Nest& nest) {
  return nest.map([](const Tensor& leaf) { return zeros_like(leaf); });
}

class StepLoop {
 public:
  StepLoop(const StepFunction& step, const LoopArguments& arguments, const LoopOptions& options,
           const SequenceSizes& sizes)
      : step_(step),
        inputs_(arguments.inputs),
        constants_(arguments.constants),
        options_(options),
        sizes_(sizes),
        schedule_{.T = sizes_.T,
                  .B = sizes_.B,
                  .read_order = options.read_order,
                  .write_order = options.write_order,
                  .dead_output = options.dead_output},
        live_(arguments.live),
        states_(arguments.states) {}

  RnnResult run() {
    for (std::int64_t s = 0; s < sizes_.T; ++s) advance(s);
    if (sizes_.T == 0) start_outputs(options_.output ? *options_.output : zeros_like_nest(first_state()));
    if (!options_.return_all_outputs) {
      outputs_ = last_output_.map([&](const Tensor& leaf) { return leaf.insert_axis(sizes_.time_axis).clone(); });
    }
    return {last_output_, outputs_, states_};
  }

 private:
  // What stands for the output while there is none: "the first state in the list must be the output tensor at the
  // previous timestep". Of a nested first state that is the first leaf.
  Nest first_state() const {
    const std::vector<Tensor> leaves = Nest::tuple(states_).flatten();
    return leaves.empty() ? Tensor::zeros({sizes_.B}, sizes_.dtype, sizes_.device) : leaves[0];
  }

  void advance(std::int64_t s) {
    const std::int64_t t = schedule_.read_time(s, 0);  // the same for every row
    const Nest x = inputs_.map([&](const Tensor& leaf) { return leaf.select(sizes_.time_axis, t); });
    StepResult result = step_(x, states_, constants_);
    check_states("step_function: new states", result.states, states_);
    if (s == 0) {
      check_output(result.output);
      if (emits_states()) check_states("step_function: output", {result.output}, {states_[0]});
      start_outputs(zeros_like_nest(result.output));
    }
    check_states("step_function: output", {result.output}, {last_output_});
    if (live_.defined()) {
      const Tensor live = live_.select(0, t);
      for (std::size_t k = 0; k < states_.size(); ++k) {
        result.states[k] = select_live(live, result.states[k], states_[k]);
      }
      result.output = select_live(live, result.output, dead_output());
    }
    last_output_ = result.output;
    states_ = std::move(result.states);
    if (options_.return_all_outputs) write_outputs(schedule_.write_time(s, 0));
  }

  bool emits_states() const { return live_.defined() && schedule_.dead_output == DeadOutput::incoming_state; }

  const Nest& dead_output() const {
    if (emits_states()) return states_[0];
    return schedule_.dead_output == DeadOutput::zeros ? zero_output_ : last_output_;
  }

  void check_output(const Nest& output) const {
    for (const Tensor& leaf : output.flatten()) {
      if (leaf.defined() && leaf.rank() > 0 && leaf.size(0) == sizes_.B) continue;
      throw ValueError("step_function: output", describe(leaf), "a first axis of B = " + std::to_string(sizes_.B));
    }
  }

  // `zeros` is what the output before the first step was, and tells the shape of all that follow.
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
  Tensor live_;  // (T, B) by input time; undefined: every row is always live
  States states_;
  Nest zero_output_;
  Nest last_output_;
  Nest outputs_;
  std::vector<Tensor> output_leaves_;
};

void check_initial_states(const States& states, const SequenceSizes& sizes) {
  for (std::size_t k = 0; k < states.size(); ++k) {
    for (const Tensor& leaf : states[k].flatten()) {
      const bool fits =
          leaf.defined() && (leaf.rank() == 0 || leaf.size(0) == sizes.B) && leaf.device() == sizes.device;
      if (!fits) {
        throw ValueError("initial_states[" + std::to_string(k) + "]", describe(leaf),
                         "a first axis of B = " + std::to_string(sizes.B) + ", on " + to_string(sizes.device));
      }
    }
  }
}

Tensor live_rows(const RnnOptions& options, const SequenceSizes& sizes) {
  if (options.mask) return time_major_mask(*options.mask, sizes);
  return options.input_length ? length_mask(*options.input_length, sizes) : Tensor();
}

/// What a recorded loop depends on besides its arguments.
std::string recorded_options(const LoopOptions& options) {
  const auto number = [](auto order) { return std::to_string(static_cast<int>(order)); };
  std::string text = "read " + number(options.read_order) + ", write " + number(options.write_order) + ", dead " +
                     number(options.dead_output);
  if (options.time_major) text += ", time-major";
  if (!options.executor.empty()) text += ", " + options.executor;
  return text + (options.return_all_outputs ? ", all outputs" : ", last output");
}

}  // namespace

Nest select_live(const Tensor& live, const Nest& fresh, const Nest& kept) {
  const std::vector<Tensor> kept_leaves = kept.flatten();
  std::size_t next = 0;
  return fresh.map([&](const Tensor& leaf) {
    const Tensor& other = kept_leaves[next++];
    return leaf.rank() == 0 ? leaf : where(align_mask(live, leaf.rank()), leaf, other);
  });
}

RnnResult run_loop(const StepFunction& step, const Nest& inputs, const States& initial_states,
                   const LoopOptions& options) {
  const SequenceSizes sizes = check_inputs(inputs, options.time_major);
  check_initial_states(initial_states, sizes);
  const LoopArguments given{inputs, initial_states, options.constants, options.live};
  const auto loop = [&](const LoopArguments& arguments) { return StepLoop(step, arguments, options, sizes).run(); };
  // Inside of a graph that somebody else records there is nothing to record.
  const bool recorded = options.unroll && sizes.device.type == DeviceType::cuda && sizes.T > 0 &&
                        !cuda_runtime::is_recording(current_stream(sizes.device));
  if (!recorded) return loop(given);
  const auto graphs = options.graphs != nullptr ? options.graphs : std::make_shared<StepGraphs>();
  return graphs->impl().run(given, recorded_options(options), loop);
}

RnnResult run_steps(const StepFunction& step, const Nest& inputs, const States& initial_states,
                    const RnnOptions& options, const LayerLoop& layer) {
  const SequenceSizes sizes = check_inputs(inputs, options.time_major);
  check_initial_states(initial_states, sizes);
  check_mask_has_states(options.mask, initial_states);
  return run_loop(step, inputs, initial_states,
                  {.read_order = options.go_backwards ? ReadOrder::reversed : ReadOrder::forward,
                   .dead_output = options.zero_output_for_mask ? DeadOutput::zeros : DeadOutput::previous_output,
                   .live = live_rows(options, sizes),
                   .time_major = options.time_major,
                   .return_all_outputs = options.return_all_outputs,
                   .unroll = options.unroll,
                   .graphs = options.graphs,
                   .constants = options.constants,
                   .output = layer.output,
                   .executor = layer.executor});
}

RnnResult rnn(const StepFunction& step, const Nest& inputs, const States& initial_states, const RnnOptions& options) {
  return run_steps(step, inputs, initial_states, options, {});
}

}  // namespace rondo
