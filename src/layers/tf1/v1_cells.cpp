// The cells of TensorFlow 1 that are one of Keras's cells in another layout, and stacks.

#include "rondo/tf1/v1_cells.h"

#include "layers/loop/packed_states.h"
#include "layers/tf1/v1_sequence.h"
#include "layers/tf1/v1_weights.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo::v1 {
namespace {

std::vector<std::shared_ptr<Cell>> check_cells(std::vector<std::shared_ptr<Cell>> cells) {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    if (cells[k] == nullptr) throw TypeError("cells[" + std::to_string(k) + "]", "none", "a cell");
  }
  return cells;
}

}  // namespace

Nest RNNCell::zero_state(std::int64_t batch_size, DType dtype, Device device) const {
  return zeros_of(state_size(), batch_size, dtype, device);
}

BasicRNNCell::BasicRNNCell(const BasicRNNCellOptions& options, const BasicRNNWeights& weights)
    : known_({.kind = CellKind::simple_rnn, .units = options.num_units, .activation = options.activation},
             keras_weights(weights, options.num_units)) {}

StepResult BasicRNNCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  return known_.call(inputs, states, context);
}

GRUCell::GRUCell(const GRUCellOptions& options, const GRUWeights& weights)
    : known_(
          {.kind = CellKind::gru, .units = options.num_units, .activation = options.activation, .reset_after = false},
          keras_weights(weights, options.num_units)) {}

StepResult GRUCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  return known_.call(inputs, states, context);
}

MultiRNNCell::MultiRNNCell(std::vector<std::shared_ptr<Cell>> cells, const MultiRNNCellOptions& options)
    : stack_(check_cells(std::move(cells))), options_(options) {
  if (options_.state_is_tuple) return;
  for (const auto& cell : stack_.cells()) {
    const SizeNest size = cell->state_size();
    if (size.is_leaf() && size.leaf().rank() == 1) continue;
    throw ValueError("cells", "a cell whose state is " + size.structure(),
                     "cells whose state is one vector, as state_is_tuple is false");
  }
}

SizeNest MultiRNNCell::state_size() const {
  if (options_.state_is_tuple) return stack_.state_size();
  std::int64_t units = 0;
  for (const auto& cell : stack_.cells()) units += cell->state_size().leaf()[0];
  return Shape{units};
}

States MultiRNNCell::unpack(const States& states) const {
  check_state_count("states", states, options_.state_is_tuple ? stack_.cells().size() : 1);
  if (options_.state_is_tuple) return states;
  std::vector<std::int64_t> units;
  for (const auto& cell : stack_.cells()) units.push_back(cell->state_size().leaf()[0]);
  const std::vector<Tensor> parts = split(states[0].leaf(), units, 1);
  return {parts.begin(), parts.end()};
}

States MultiRNNCell::pack(const States& cell_states) const {
  if (options_.state_is_tuple) return cell_states;
  return {concat(Nest::tuple(cell_states).flatten(), 1)};
}

StepResult MultiRNNCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  StepResult result = stack_.call(inputs, unpack(states), context);
  result.states = pack(result.states);
  return result;
}

States MultiRNNCell::get_initial_state(const InitialStateRequest& request) const {
  return pack(stack_.get_initial_state(request));
}

}  // namespace rondo::v1
