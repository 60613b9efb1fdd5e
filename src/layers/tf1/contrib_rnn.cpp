#include "layers/loop/sequence_arguments.h"
#include "layers/loop/step_loop.h"
#include "rondo/tf1/contrib.h"

namespace rondo::contrib {

RnnResult rnn(const StepFunction& step, const Tensor& inputs, const States& initial_states, const RnnOptions& options) {
  const SequenceSizes sizes = check_inputs(inputs, false);
  check_mask_has_states(options.mask, initial_states);
  return run_loop(step, inputs, initial_states,
                  {.read_order = options.go_backwards ? ReadOrder::reversed : ReadOrder::forward,
                   .dead_output = DeadOutput::incoming_state,
                   .live = options.mask ? time_major_mask(*options.mask, sizes) : Tensor(),
                   .unroll = options.unroll,
                   .graphs = options.graphs,
                   .constants = options.constants});
}

}  // namespace rondo::contrib
