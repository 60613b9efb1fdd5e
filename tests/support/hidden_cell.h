/// A custom cell that forwards to a known cell. Rondo does not recognise the known cell, and runs it step by step.
#pragma once

#include <memory>
#include <utility>

#include "rondo/keras/cells.h"

namespace rondo::test {

class Hidden final : public Cell {
 public:
  explicit Hidden(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}
  SizeNest state_size() const override { return cell_->state_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
    return cell_->call(inputs, states, context);
  }
  StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) override {
    return cell_->call_with_pullback(inputs, states, context);
  }
  std::vector<Tensor> weight_list() const override { return cell_->weight_list(); }

 private:
  std::shared_ptr<Cell> cell_;
};

}  // namespace rondo::test
