/// The rows of a batch that the loop over time takes from one tensor or another.
#pragma once

#include "layers/loop/step_loop.h"

namespace rondo {

/// (T, B) booleans by input time: where mask and lengths both say that the row is live. Undefined: every row is always
/// live.
Tensor live_rows(const LoopOptions& options, const SequenceSizes& sizes);

/// (T, B) booleans by input time; undefined: none. A mark at a row's length or later means nothing.
Tensor resets_within(const LoopOptions& options, const SequenceSizes& sizes);

/// Returns the rows of `taken` where `rows`, (B,), is true, and else those of `other`, leaf by leaf. A leaf of rank 0
/// has no rows, so it is always that of `taken`.
Nest select_rows(const Tensor& rows, const Nest& taken, const Nest& other);

/// Zeros in the shape, dtype and device of each leaf.
Nest zero_nest(const Nest& nest);

}  // namespace rondo
