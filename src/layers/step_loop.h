/// The loop behind rnn() and behind layers of cells that no executor knows.
#pragma once

#include <optional>

#include "recurrence/schedule.h"
#include "rondo/rnn.h"

namespace rondo {

/// What the loop needs beyond RnnOptions: `output` has the shape and dtype of one step's output, for T = 0; where it is
/// absent the first state stands for it.
RnnResult run_steps(const StepFunction& step, const Nest& inputs, const States& initial_states,
                    const RnnOptions& options, const std::optional<Nest>& output);

}  // namespace rondo
