/// Memory for what a run keeps.
#pragma once

#include "rondo/plan/plan.h"

namespace rondo {

/// Plan::empty_reserve for a plan of `spec`, whose reserves have this many bytes.
Tensor unwritten_reserve(const RecurrenceSpec& spec, std::size_t bytes);

}  // namespace rondo
