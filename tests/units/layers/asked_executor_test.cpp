// The executor that a call asks for reaches every known cell, also where a custom cell makes the layer step.

#include <gtest/gtest.h>

#include "rondo/keras/bidirectional.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/v1.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/minimal_cell.h"
#include "support/random.h"

namespace rondo::test {
namespace {

const char* const kNobody = "nobody";

RecurrentWeights gru_weights(Random& random, std::int64_t I, std::int64_t H) {
  return {random.tensor({I, 3 * H}, 0.5), random.tensor({H, 3 * H}, 0.5), random.tensor({2, 3 * H}, 0.5)};
}

/// A custom cell, and a GRU above it.
std::vector<std::shared_ptr<Cell>> mixed_cells() {
  Random random(1);
  return {std::make_shared<MinimalRNNCell>(random.tensor({3, 5}, 0.5), random.tensor({5, 5}, 0.5)),
          std::make_shared<GRUCell>(GRUCellOptions{.units = 4}, gru_weights(random, 5, 4))};
}

Tensor inputs() { return Random(2).tensor({2, 6, 3}, 1.0); }

TEST(AskedExecutor, ReachesTheKnownCellsOfAMixedStack) {
  RNN layer(mixed_cells(), {.return_sequences = true});
  const Tensor expected = layer(inputs()).output.leaf();
  for (const std::string& name : executor_names()) {
    EXPECT_TRUE(close(layer(inputs(), {.plan = {.executor = name}}).output.leaf(), expected, 1e-5)) << name;
  }
  expect_words([&] { layer(inputs(), {.plan = {.executor = kNobody}}); }, {"executor: got 'nobody'"});
}

TEST(AskedExecutor, ReachesBothDirections) {
  const RNN forward(mixed_cells());
  const RNN backward(mixed_cells(), {.go_backwards = true});
  Bidirectional layer(forward, backward);
  expect_words([&] { layer(inputs(), {.plan = {.executor = kNobody}}); }, {"executor: got 'nobody'"});
}

/// Dropout of states makes a layer step, and a cell without dropout in the stack is planned at each step.
TEST(AskedExecutor, ReachesCellsBesideOneThatDrops) {
  Random random(3);
  RNN layer({std::make_shared<GRUCell>(GRUCellOptions{.units = 5, .recurrent_dropout = 0.5}, gru_weights(random, 3, 5)),
             std::make_shared<GRUCell>(GRUCellOptions{.units = 4}, gru_weights(random, 5, 4))});
  expect_words([&] { layer(inputs(), {.training = true, .plan = {.executor = kNobody}}); }, {"executor: got 'nobody'"});
}

/// A custom cell around a known cell of TensorFlow 1.
class Doubling final : public Cell {
 public:
  explicit Doubling(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}
  SizeNest state_size() const override { return cell_->state_size(); }
  SizeNest output_size() const override { return cell_->output_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
    return cell_->call(mul(inputs, 2.0), states, context);
  }

 private:
  std::shared_ptr<Cell> cell_;
};

TEST(AskedExecutor, ReachesWhatTensorFlow1CallsAtEveryStep) {
  Random random(4);
  const auto cell =
      std::make_shared<Doubling>(std::make_shared<GRUCell>(GRUCellOptions{.units = 4}, gru_weights(random, 3, 4)));
  v1::DynamicRnnOptions dynamic{.dtype = DType::f32};
  dynamic.plan.executor = kNobody;
  expect_words([&] { v1::dynamic_rnn(cell, inputs(), dynamic); }, {"executor: got 'nobody'"});
  const v1::LoopFunction loop = [&](const v1::LoopFunctionArguments& now) {
    return v1::LoopFunctionResult{
        .elements_finished = Tensor::full({2}, now.time < 2 ? 0.0 : 1.0, DType::boolean),
        .next_input = inputs().select(1, 0),
        .next_cell_state = now.cell_state ? *now.cell_state : Nest(Tensor::zeros({2, 4}, DType::f32)),
        .emit_output = now.cell_output};
  };
  expect_words([&] { v1::raw_rnn(cell, loop, {.plan = {.executor = kNobody}}); }, {"executor: got 'nobody'"});
}

}  // namespace
}  // namespace rondo::test
