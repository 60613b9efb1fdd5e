/// A known cell that nobody recognises: it runs step by step.
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

 private:
  std::shared_ptr<Cell> cell_;
};

}  // namespace rondo::test
