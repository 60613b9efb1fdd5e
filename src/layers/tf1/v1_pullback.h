/// The gradients of dynamic_rnn and bidirectional_dynamic_rnn.
#pragma once

#include <span>
#include <vector>

#include "layers/keras/cell_tape.h"
#include "layers/tf1/v1_sequence.h"

namespace rondo::v1 {

/// The pullback of a call from the runs of its cells, bottom first.
Pullback pullback_of(const Sequence& sequence, std::span<const SequenceCell> cells, std::vector<CellTape> tapes,
                     const DynamicRnnResult& result);

/// The pullback of both directions: outputs and states are tuples of the forward and the backward ones.
Pullback pullback_of(const DynamicRnnResult& forward, const DynamicRnnResult& backward);

}  // namespace rondo::v1
