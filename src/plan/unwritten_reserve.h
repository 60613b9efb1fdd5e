/// Memory for what a run keeps.
#pragma once

#include "rondo/plan/plan.h"

namespace rondo {

/// Plan::empty_reserve for a plan of `spec`.
Tensor unwritten_reserve(const RecurrenceSpec& spec, std::int64_t packed_rows);

}  // namespace rondo
