#include <algorithm>

#include "layers/loop/gradient_nests.h"
#include "layers/loop/packed_states.h"
#include "rondo/keras/cells.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// The gradients of one step of a stack, from the top down.
struct StackedPullback {
  struct OfCell {
    StepPullback pullback;
    SizeNest state_size;
    bool takes_constants;
    std::size_t weights;
  };

  std::size_t constants;  ///< their number, without weights
  std::vector<OfCell> cells = {};

  StepGradients operator()(const Nest& d_output, const States& d_states) const {
    StepGradients result{.inputs = d_output, .states = States(cells.size()), .constants = Constants(constants)};
    for (std::size_t k = cells.size(); k-- > 0;) {
      const OfCell& cell = cells[k];
      StepGradients step = cell.pullback(result.inputs, unpack_states(cell.state_size, d_states[k]));
      result.inputs = std::move(step.inputs);
      if (!step.states.empty()) result.states[k] = pack_states(cell.state_size, std::move(step.states));
      const std::size_t own = cell.takes_constants ? constants : 0;
      if (step.constants.empty()) step.constants.resize(own + cell.weights);
      for (std::size_t one = 0; one < own; ++one) {
        result.constants[one] = sum_of(result.constants[one], step.constants[one]);
      }
      // The weights of lower cells are in front of those of higher ones.
      result.constants.insert(result.constants.begin() + static_cast<std::ptrdiff_t>(constants),
                              step.constants.begin() + static_cast<std::ptrdiff_t>(own), step.constants.end());
    }
    return result;
  }
};

}  // namespace

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

void StackedRNNCells::build_once(std::size_t k, const Nest& inputs) {
  if (built_[k]) return;
  cells_[k]->build(inputs.map([](const Tensor& leaf) { return leaf.shape(); }));
  built_[k] = true;
}

// The context of cell k.
CellContext StackedRNNCells::context_of(std::size_t k, const CellContext& context) const {
  const bool has_masks = context.dropout.size() == cells_.size();
  return {.constants = cells_[k]->accepts_constants() ? context.constants : Constants{},
          .training = context.training,
          .dropout_call = context.dropout_call,
          .position = static_cast<int>(k),
          .dropout = has_masks ? context.dropout.subspan(k, 1) : std::span<const DropoutMasks>{},
          .plan = context.plan};
}

StepResult StackedRNNCells::call(const Nest& inputs, const States& states, const CellContext& context) {
  StepResult result{inputs, {}};
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    build_once(k, result.output);
    const SizeNest size = cells_[k]->state_size();
    StepResult step = cells_[k]->call(result.output, unpack_states(size, states[k]), context_of(k, context));
    result.output = step.output;
    result.states.push_back(pack_states(size, std::move(step.states)));
  }
  return result;
}

StepWithPullback StackedRNNCells::call_with_pullback(const Nest& inputs, const States& states,
                                                     const CellContext& context) {
  StepWithPullback result{inputs, {}, {}};
  StackedPullback pullback{.constants = context.constants.size()};
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    build_once(k, result.output);
    Cell& cell = *cells_[k];
    const SizeNest size = cell.state_size();
    StepWithPullback step =
        cell.call_with_pullback(result.output, unpack_states(size, states[k]), context_of(k, context));
    result.output = step.output;
    result.states.push_back(pack_states(size, std::move(step.states)));
    pullback.cells.push_back({.pullback = std::move(step.pullback),
                              .state_size = size,
                              .takes_constants = cell.accepts_constants(),
                              .weights = cell.weight_list().size()});
  }
  result.pullback = std::move(pullback);
  return result;
}

std::vector<Tensor> StackedRNNCells::weight_list() const {
  std::vector<Tensor> weights;
  for (const auto& cell : cells_) {
    for (const Tensor& weight : cell->weight_list()) weights.push_back(weight);
  }
  return weights;
}

}  // namespace rondo
