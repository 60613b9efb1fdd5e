/// What an LSTM in 8 bits needs with oneDNN: x, h and y are unsigned with one scale, weights signed with a scale for
/// each column.
#pragma once

#include <cstdint>

#include "cpu/onednn_operation.h"

namespace onednn_peer {

/// The scales of the problem. x and h of the contest are between -1 and 1, and stand in 1 .. 255, with 128 for zero. A
/// column's scale is that of its largest weight, over the kernel and the recurrent kernel, because oneDNN has one for
/// both.
dnnl::primitive_attr int8_attributes(const PeerProblem& problem);

/// Writes what x, h or y in 8 bits stand for.
void widen(const std::uint8_t* values, std::int64_t count, float* wide);

}  // namespace onednn_peer
