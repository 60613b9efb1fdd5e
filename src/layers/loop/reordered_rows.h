/// Rows that are reversed within their lengths, in processing order: for loops that take one time step of all rows at
/// once.
#pragma once

#include "layers/loop/sequence_arguments.h"
#include "recurrence/schedule.h"

namespace rondo {

/// Copies a sequence from input order to processing order, or the reverse: in each row, which is (T, ...) in either
/// layout, the leading steps are reversed.
Nest rows_reordered(const Nest& sequence, const Schedule& schedule, const SequenceSizes& sizes);

/// Copies resets (T, B) from input order to processing order: read in reverse, a row's states are replaced one step
/// before the step that is marked is read.
Tensor resets_reordered(const Tensor& resets, const Schedule& schedule, const SequenceSizes& sizes);

}  // namespace rondo
