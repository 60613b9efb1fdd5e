/// The sizes that a run really has.
#pragma once

#include "recurrence/buffers.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Gives `spec`, which has state_rows, the rows and steps that a run has: those with steps lie in front. A run of one
/// row of one step then costs no more than a plan of that size.
inline void take_sizes(RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  const std::int32_t* const first_rows = buffers.x.strides.first_rows;
  spec.B = buffers.schedule.T == 0 ? 0 : first_rows[1] - first_rows[0];
  spec.T = spec.B == 0 ? 0 : buffers.schedule.length(0);
}

}  // namespace rondo
