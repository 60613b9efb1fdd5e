/// The MinimalRNNCell of the tf.keras.layers.RNN page, with given weights, as a custom cell.
#pragma once

#include "rondo/keras/cells.h"
#include "rondo/ops/ops.h"

namespace rondo::test {

/// output = new state = x kernel + h recurrent_kernel.
class MinimalRNNCell : public Cell {
 public:
  MinimalRNNCell(Tensor kernel, Tensor recurrent_kernel)
      : kernel_(std::move(kernel)), recurrent_kernel_(std::move(recurrent_kernel)) {}

  SizeNest state_size() const override { return Shape{recurrent_kernel_.size(0)}; }

  StepResult call(const Nest& inputs, const States& states, const CellContext&) override {
    const Tensor output = add(dot(inputs, kernel_), dot(states[0], recurrent_kernel_));
    return {output, {output}};
  }

 private:
  Tensor kernel_;
  Tensor recurrent_kernel_;
};

}  // namespace rondo::test
