/// The forms that states of TensorFlow 1's cells have. The gradients of states have these forms, too.
#pragma once

#include <vector>

#include "layers/tf1/v1_sequence.h"

namespace rondo::v1 {

/// keras_states and cell_state convert a cell's states to Keras's order and back: TensorFlow 1's LSTM has c first.
std::vector<Tensor> keras_states(const SequenceCell& cell, const Nest& state);
Nest cell_state(const SequenceCell& cell, const std::vector<Tensor>& states);

/// states_of_cells and state_of_stack convert the state of a stack to one state for each cell, and back.
States states_of_cells(const Cell& cell, const Nest& state);
Nest state_of_stack(const Cell& cell, const States& states);

}  // namespace rondo::v1
