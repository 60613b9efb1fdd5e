// The functions that run a step of the caller's over time: their arguments in the form of the loop.

#include "rondo/keras/rnn.h"

#include "layers/loop/loop_pullback.h"
#include "layers/loop/step_loop.h"
#include "rondo/keras/rnn_gradients.h"

namespace rondo {
namespace {

// RnnOptions::input_length as (B,) on the inputs' device. Throws `ValueError` for lengths of another shape or dtype, or
// out of range.
Tensor input_lengths(const std::variant<std::int64_t, Tensor>& given, const SequenceSizes& sizes) {
  if (const auto* lengths = std::get_if<Tensor>(&given)) return checked_lengths("input_length", *lengths, sizes);
  const std::int64_t steps = std::get<std::int64_t>(given);
  (void)lengths_within_steps("input_length", Tensor::from<std::int64_t>({steps}, {1}), sizes);
  return Tensor::full({sizes.B}, static_cast<double>(steps), DType::i64, sizes.device);
}

LoopOptions loop_options(const RnnOptions& options, const SequenceSizes& sizes) {
  LoopOptions loop{.rules = TimeRules::keras(options.go_backwards, options.zero_output_for_mask),
                   .return_all_outputs = options.return_all_outputs,
                   .unroll = options.unroll,
                   .graphs = options.graphs,
                   .constants = options.constants};
  if (options.mask) {
    loop.mask = time_major_mask("mask", *options.mask, sizes);
  } else if (options.input_length) {
    loop.lengths = input_lengths(*options.input_length, sizes);
  }
  if (options.resets) loop.resets = time_major_mask("resets", *options.resets, sizes);
  check_reset_state_has_resets(options.resets.has_value(), options.reset_state);
  loop.reset_state = options.reset_state;
  return loop;
}

}  // namespace

RnnResult rnn(const StepFunction& step, const Nest& inputs, const States& initial_states, const RnnOptions& options) {
  const CheckedSequence sequence = check_inputs(inputs, options.time_major);
  check_mask_has_states(options.mask.has_value(), initial_states);
  return run_loop(step, sequence, initial_states, loop_options(options, sequence.sizes));
}

RnnWithPullback rnn_with_pullback(const DifferentiableStep& step, const Nest& inputs, const States& initial_states,
                                  const RnnOptions& options) {
  const CheckedSequence sequence = check_inputs(inputs, options.time_major);
  check_mask_has_states(options.mask.has_value(), initial_states);
  return run_loop_with_pullback(step, sequence, initial_states, loop_options(options, sequence.sizes));
}

}  // namespace rondo
