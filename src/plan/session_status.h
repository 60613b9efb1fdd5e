/// Statuses of several sessions as one.
#pragma once

#include "rondo/plan/plan.h"

namespace rondo {

/// The union of two statuses: each flag is set where `a` or `b` has it. The stall is that of `a` if `a` has one.
inline SessionStatus merged(const SessionStatus& a, const SessionStatus& b) {
  return {.length_out_of_range = a.length_out_of_range || b.length_out_of_range,
          .packed_out_of_range = a.packed_out_of_range || b.packed_out_of_range,
          .stalled = a.stalled || b.stalled,
          .gradients_stalled = a.gradients_stalled || b.gradients_stalled,
          .stall = a.stalled || a.gradients_stalled ? a.stall : b.stall};
}

}  // namespace rondo
