#include "layers/loop/sequence_arguments.h"
#include "layers/loop/step_loop.h"
#include "rondo/tf1/contrib.h"

namespace rondo::contrib {

RnnResult rnn(const StepFunction& step, const Tensor& inputs, const States& initial_states, const RnnOptions& options) {
  const CheckedSequence sequence = check_inputs(inputs, false);
  check_mask_has_states(options.mask.has_value(), initial_states);
  return run_loop(step, sequence, initial_states,
                  {.rules = TimeRules::contrib(options.go_backwards),
                   .mask = options.mask ? time_major_mask("mask", *options.mask, sequence.sizes) : Tensor(),
                   .unroll = options.unroll,
                   .graphs = options.graphs,
                   .constants = options.constants});
}

}  // namespace rondo::contrib
