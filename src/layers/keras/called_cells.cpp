// A layer whose cell is called at every step: a cell that no executor knows, or with masks that no executor takes.

#include "layers/keras/layer_call.h"
#include "layers/loop/loop_pullback.h"
#include "layers/loop/result_forms.h"
#include "layers/loop/step_loop.h"

namespace rondo {
namespace {

/// A call whose gradients are wanted. To the loop the weights are constants, behind those of the call.
struct CalledTape {
  RnnPullback loop;
  ResultForms results;
  bool has_sequence;         ///< whether the output is a sequence
  bool has_initial_state;    ///< whether the call was given one: a stored state has no gradient
  std::ptrdiff_t constants;  ///< the number of the call's

  LayerGradients operator()(const Nest& d_output, const States& d_states) const {
    ResultGradients of_results = results.completed(d_output, d_states);
    RnnResultGradients given{.new_states = std::move(of_results.states)};
    (has_sequence ? given.outputs : given.last_output) = std::move(of_results.output);
    RnnGradients gradients = loop(given);
    const auto first_weight = gradients.constants.begin() + constants;
    LayerGradients result{.inputs = std::move(gradients.inputs),
                          .reset_state = std::move(gradients.reset_state),
                          .constants = Constants(gradients.constants.begin(), first_weight),
                          .weights = std::vector<Tensor>(first_weight, gradients.constants.end())};
    if (has_initial_state) result.initial_state = std::move(gradients.initial_states);
    return result;
  }
};

CellContext context_of(const CallOptions& options, std::span<const DropoutMasks> masks, const Constants& constants) {
  return {.constants = constants,
          .training = options.training,
          .dropout_call = options.dropout_call.value_or(0),
          .dropout = masks,
          .plan = options.plan};
}

}  // namespace

LoopOptions RNN::loop_options(const Call& call) const {
  const SequenceSizes& sizes = call.sequence.sizes;
  const CallOptions& options = call.options;
  const Nest output = cell_->output_size().map(
      [&](const Shape& shape) { return Tensor::zeros(shape.insert(0, sizes.B), sizes.dtype, sizes.device); });
  return {.rules = call.rules,
          .mask = options.mask ? time_major_mask("mask", *options.mask, sizes) : Tensor(),
          .lengths = options.lengths.value_or(Tensor()),
          .resets = options.resets ? time_major_mask("resets", *options.resets, sizes) : Tensor(),
          .reset_state = options.reset_state,
          .return_all_outputs = options_.return_sequences,
          .unroll = options_.unroll,
          // In training a cell may behave differently at every call.
          .graphs = options.training ? nullptr : graphs_,
          .constants = options.constants,
          .output = output,
          .executor = options.plan.executor};
}

LayerResult RNN::run_step_loop(const Call& call) {
  const SequenceSizes& sizes = call.sequence.sizes;
  if (!built_) {
    cell_->build(call.sequence.inputs.map([&](const Tensor& leaf) { return leaf.shape().erase(sizes.time_axis); }));
    built_ = true;
  }
  check_mask_has_states(call.options.mask || call.options.lengths, call.initial);
  if (call.options.gradients) return run_step_loop_with_pullback(call);
  const StepFunction step = [&](const Nest& x, const States& states, const Constants& constants) {
    return cell_->call(x, states, context_of(call.options, call.masks, constants));
  };
  RnnResult result = run_loop(step, call.sequence, call.initial, loop_options(call));
  return {options_.return_sequences ? result.outputs : result.last_output, std::move(result.new_states)};
}

LayerResult RNN::run_step_loop_with_pullback(const Call& call) {
  LoopOptions options = loop_options(call);
  for (const Tensor& weight : cell_->weight_list()) options.constants.emplace_back(weight);
  const DifferentiableStep step = [&](const Nest& x, const States& states, const Constants&) {
    return cell_->call_with_pullback(x, states, context_of(call.options, call.masks, call.options.constants));
  };
  RnnWithPullback run = run_loop_with_pullback(step, call.sequence, call.initial, options);
  LayerResult result{options_.return_sequences ? run.result.outputs : run.result.last_output,
                     std::move(run.result.new_states)};
  result.pullback =
      Pullback(CalledTape{.loop = std::move(run.pullback),
                          .results = ResultForms(result.output, options_.return_state ? result.states : States()),
                          .has_sequence = options_.return_sequences,
                          .has_initial_state = !call.options.initial_state.empty(),
                          .constants = std::ssize(call.options.constants)});
  return result;
}

}  // namespace rondo
