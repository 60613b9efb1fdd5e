#include "layers/tf1/v1_state_forms.h"

#include "layers/loop/packed_states.h"

namespace rondo::v1 {

std::vector<Tensor> keras_states(const SequenceCell& cell, const Nest& state) {
  if (cell.lstm == nullptr) return state.flatten();
  const LSTMCell::State old = cell.lstm->unpack(unpack_states(cell.cell->state_size(), state));
  return {old.h, old.c};
}

Nest cell_state(const SequenceCell& cell, const std::vector<Tensor>& states) {
  if (cell.cell == cell.known)
    return states.size() == 1 ? Nest(states[0]) : Nest::tuple({states.begin(), states.end()});
  if (cell.lstm == nullptr) return cell.cell->state_size().pack(states);
  return pack_states(cell.cell->state_size(), cell.lstm->pack({.c = states[1], .h = states[0]}));
}

States states_of_cells(const Cell& cell, const Nest& state) {
  const States states = unpack_states(cell.state_size(), state);
  if (const auto* stack = dynamic_cast<const MultiRNNCell*>(&cell)) return stack->unpack(states);
  return dynamic_cast<const StackedRNNCells*>(&cell) != nullptr ? states : States{state};
}

Nest state_of_stack(const Cell& cell, const States& states) {
  if (const auto* stack = dynamic_cast<const MultiRNNCell*>(&cell)) {
    return pack_states(cell.state_size(), stack->pack(states));
  }
  return dynamic_cast<const StackedRNNCells*>(&cell) != nullptr ? Nest::tuple(states) : states[0];
}

}  // namespace rondo::v1
