/// Where the states and gates of a segment are that is run again.
#pragma once

#include <cstddef>

#include "cuda/common/kept_rows.h"

namespace rondo {

/// Bytes of the states and gates of a segment, with a row for each step and row of the batch.
std::size_t segment_bytes(const RecurrenceSpec& spec);

/// The segment `segment`, whose states and gates are at `memory`.
KeptRows kept_segment(const RecurrenceSpec& spec, const TimeBatchStrides& x, void* memory, std::int64_t segment);

}  // namespace rondo
