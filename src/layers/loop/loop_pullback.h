/// The gradients of the loop over time.
#pragma once

#include "layers/loop/step_loop.h"
#include "rondo/keras/rnn_gradients.h"

namespace rondo {

/// run_loop with the pullback of the whole loop. No rows may be reversed within their lengths.
RnnWithPullback run_loop_with_pullback(const DifferentiableStep& step, const CheckedSequence& sequence,
                                       const States& initial_states, const LoopOptions& options);

}  // namespace rondo
