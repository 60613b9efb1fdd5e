#include "agreement/golden/golden_own_cells.h"

#include "rondo/ops/ops.h"
#include "support/minimal_cell.h"

namespace rondo::golden {
namespace {

/// A cell whose inputs, outputs and states are pairs of tensors.
class NestedCell : public Cell {
 public:
  NestedCell(Tensor kernel_1, Tensor kernel_2_3) : kernel_1_(std::move(kernel_1)), kernel_2_3_(std::move(kernel_2_3)) {}

  SizeNest state_size() const override {
    return SizeNest::tuple({Shape{kernel_1_.size(1)}, Shape{kernel_2_3_.size(2), kernel_2_3_.size(3)}});
  }
  SizeNest output_size() const override { return state_size(); }

  StepResult call(const Nest& inputs, const States& states, const CellContext&) override {
    const Tensor first = dot(inputs[0].leaf(), kernel_1_);
    const Tensor& x = inputs[1].leaf();
    const Shape& shape = kernel_2_3_.shape();
    const Tensor kernel = kernel_2_3_.reshape({shape[0] * shape[1], shape[2] * shape[3]});
    const Tensor second =
        dot(x.reshape({x.size(0), shape[0] * shape[1]}), kernel).reshape({x.size(0), shape[2], shape[3]});
    return {Nest::tuple({first, second}), {add(states[0].leaf(), first), add(states[1].leaf(), second)}};
  }

 private:
  Tensor kernel_1_;
  Tensor kernel_2_3_;
};

/// A cell with a state of two tensors, and a number of steps.
class NestedStateCell : public Cell {
 public:
  explicit NestedStateCell(RecurrentWeights weights) : weights_(std::move(weights)) {}

  SizeNest state_size() const override {
    const SizeNest units(Shape{weights_.recurrent_kernel.size(0)});
    return SizeNest::tuple({SizeNest::tuple({units, units}), SizeNest(Shape{1})});
  }
  SizeNest output_size() const override { return Shape{weights_.recurrent_kernel.size(0)}; }

  StepResult call(const Nest& inputs, const States& states, const CellContext&) override {
    const Tensor& h = states[0][0].leaf();
    const auto gates = split(add(dot(inputs.leaf(), weights_.kernel), dot(h, weights_.recurrent_kernel)), 2);
    const Tensor c = add(mul(sigmoid(gates[0]), states[0][1].leaf()), tanh(gates[1]));
    const Tensor output = tanh(c);
    return {output, {Nest::tuple({output, c}), add(states[1].leaf(), 1.0)}};
  }

 private:
  RecurrentWeights weights_;
};

/// A MinimalRNNCell whose initial state is a weight instead of zeros.
class InitialStateCell : public test::MinimalRNNCell {
 public:
  InitialStateCell(const RecurrentWeights& weights, Tensor initial)
      : MinimalRNNCell(weights.kernel, weights.recurrent_kernel), initial_(std::move(initial)) {}

  States get_initial_state(const InitialStateRequest& request) const override {
    return {initial_.broadcast_to({request.batch_size, initial_.size(0)}).clone()};
  }

 private:
  Tensor initial_;
};

}  // namespace

std::shared_ptr<Cell> make_own_cell(const GoldenCase& golden, const std::string& type, const std::string& prefix) {
  const auto weight = [&](const char* name) { return golden.tensor(prefix + name); };
  if (type == "NestedCell") return std::make_shared<NestedCell>(weight("kernel_1"), weight("kernel_2_3"));
  if (type != "MinimalRNNCell" && type != "NestedStateCell" && type != "InitialStateCell") return nullptr;
  const RecurrentWeights weights{weight("kernel"), weight("recurrent_kernel"), std::nullopt};
  if (type == "NestedStateCell") return std::make_shared<NestedStateCell>(weights);
  if (type == "InitialStateCell") return std::make_shared<InitialStateCell>(weights, weight("initial"));
  return std::make_shared<test::MinimalRNNCell>(weights.kernel, weights.recurrent_kernel);
}

}  // namespace rondo::golden
