#include <algorithm>

#include "layers/loop/packed_states.h"
#include "rondo/keras/cells.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

StackedRNNCells::StackedRNNCells(std::vector<std::shared_ptr<Cell>> cells)
    : cells_(std::move(cells)), built_(cells_.size(), false) {
  if (cells_.empty()) throw ValueError("cells", "none", "at least one cell");
  if (std::find(cells_.begin(), cells_.end(), nullptr) != cells_.end()) {
    throw ValueError("cells", "a null cell", "cells that exist");
  }
}

SizeNest StackedRNNCells::state_size() const {
  std::vector<SizeNest> sizes;
  for (const auto& cell : cells_) sizes.push_back(cell->state_size());
  return SizeNest::tuple(std::move(sizes));
}

SizeNest StackedRNNCells::output_size() const { return cells_.back()->output_size(); }

bool StackedRNNCells::accepts_constants() const {
  return std::any_of(cells_.begin(), cells_.end(), [](const auto& cell) { return cell->accepts_constants(); });
}

States StackedRNNCells::get_initial_state(const InitialStateRequest& request) const {
  States states;
  for (const auto& cell : cells_) {
    states.push_back(pack_states(cell->state_size(), cell->get_initial_state(request)));
  }
  return states;
}

StepResult StackedRNNCells::call(const Nest& inputs, const States& states, const CellContext& context) {
  const bool has_masks = context.dropout.size() == cells_.size();
  StepResult result{inputs, {}};
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    Cell& cell = *cells_[k];
    if (!built_[k]) {
      cell.build(result.output.map([](const Tensor& leaf) { return leaf.shape(); }));
      built_[k] = true;
    }
    const CellContext own{.constants = cell.accepts_constants() ? context.constants : Constants{},
                          .training = context.training,
                          .dropout_call = context.dropout_call,
                          .position = static_cast<int>(k),
                          .dropout = has_masks ? context.dropout.subspan(k, 1) : std::span<const DropoutMasks>{},
                          .plan = context.plan};
    StepResult step = cell.call(result.output, unpack_states(cell.state_size(), states[k]), own);
    result.output = step.output;
    result.states.push_back(pack_states(cell.state_size(), std::move(step.states)));
  }
  return result;
}

}  // namespace rondo
