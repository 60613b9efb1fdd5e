// Layers beyond the goldens: state keeping, constants, plans, user cells, and bad input.

#include "rondo/keras/layers.h"

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/minimal_cell.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::close;
using test::expect_words;
using test::identical;
using test::MinimalRNNCell;
using test::Random;

constexpr std::int64_t B = 2;
constexpr std::int64_t T = 5;
constexpr std::int64_t I = 3;
constexpr std::int64_t H = 4;

RecurrentWeights lstm_weights(std::int64_t features = I) {
  Random random(11);
  return {random.tensor({features, 4 * H}, 1.0), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)};
}

Tensor inputs() { return Random(12).tensor({B, T, I}, 1.0); }

TEST(Layer, StatefulContinuesWhereTheLastCallEnded) {
  LSTM whole({.units = H}, lstm_weights(), {.return_sequences = true});
  LSTM pieces({.units = H}, lstm_weights(), {.return_sequences = true, .stateful = true});
  const Tensor x = inputs();
  const Tensor expected = whole(x).output;
  const Tensor first = pieces(x.slice(1, 0, 2)).output;
  const Tensor second = pieces(x.slice(1, 2, T)).output;
  EXPECT_TRUE(close(concat({first, second}, 1), expected, 1e-6));
}

TEST(Layer, StoredStatesAreCopiesOfWhatTheCallerHolds) {
  LSTM layer({.units = H}, lstm_weights(), {.return_state = true, .stateful = true});
  const LayerResult result = layer(inputs());
  const Tensor stored = layer.states()[0].leaf().clone();
  result.states[0].leaf().fill(9);
  EXPECT_TRUE(identical(layer.states()[0], stored));
}

TEST(Layer, ResetStatesMakesZerosOrTakesStates) {
  LSTM layer({.units = H}, lstm_weights(), {.stateful = true});
  const Tensor fresh = layer(inputs()).output;
  EXPECT_FALSE(identical(layer(inputs()).output, fresh));
  layer.reset_states();
  EXPECT_TRUE(identical(layer(inputs()).output, fresh));
  const Tensor state = Tensor::full({B, H}, 0.5, DType::f32);
  layer.reset_states({state, state});
  LSTM other({.units = H}, lstm_weights());
  EXPECT_TRUE(identical(layer(inputs()).output, other(inputs(), {.initial_state = {state, state}}).output));
}

TEST(Layer, ResetStatesBeforeTheFirstCallTellsTheBatchSize) {
  LSTM layer({.units = H}, lstm_weights(), {.stateful = true});
  const Tensor state = Tensor::full({B, H}, 0.5, DType::f32);
  layer.reset_states({state, state});
  EXPECT_TRUE(identical(layer.states()[1], state));
  expect_words([&] { layer(inputs().slice(0, 0, 1)); }, {"inputs: got a batch of 1", "2"});
}

TEST(Layer, ResetStatesRefusesWhatDoesNotFit) {
  const Tensor state = Tensor::zeros({B, H}, DType::f32);
  LSTM stateless({.units = H}, lstm_weights());
  expect_words<AttributeError>([&] { stateless.reset_states(); }, {"not stateful"});
  expect_words<AttributeError>([&] { stateless.reset_states({state, state}); }, {"not stateful"});
  LSTM layer({.units = H}, lstm_weights(), {.stateful = true});
  expect_words([&] { layer.reset_states(); }, {"batch size is unknown"});
  expect_words([&] { layer.reset_states({state}); }, {"states: got 1 states", "2"});
  layer(inputs());
  expect_words(
      [&] {
        layer.reset_states({state, Tensor::zeros({3, H}, DType::f32)});
      },
      {"states[1]: got f32(3, 4)", "f32(2, 4)"});
  expect_words([&] { layer.reset_states({state.to(DType::f64), state}); }, {"states[0]: got f64(2, 4)"});
}

TEST(Layer, PlansNameTheExecutorOfEachCell) {
  const auto first = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights());
  const auto second = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights(H));
  const RNN stack({first, second}, {.return_sequences = true, .go_backwards = true});
  const std::vector<Plan> plans = stack.plans({.B = B, .T = T, .masked = true});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].spec().rules.write, WriteOrder::input);
  EXPECT_EQ(plans[1].spec().rules.write, WriteOrder::processing);
  EXPECT_EQ(plans[1].executor_name(), "cpu_fused");
  const RNN unknown(
      std::make_shared<MinimalRNNCell>(Tensor::zeros({I, H}, DType::f32), Tensor::zeros({H, H}, DType::f32)));
  EXPECT_TRUE(unknown.plans({.B = B, .T = T}).empty());
}

/// A cell that adds a constant to its input, counts its builds, and has an initial state of one.
class CuriousCell final : public Cell {
 public:
  SizeNest state_size() const override { return Shape{I}; }
  bool accepts_constants() const override { return true; }
  void build(const SizeNest& input_shape) override {
    ++builds;
    built_for = input_shape;
  }
  States get_initial_state(const InitialStateRequest& request) const override {
    return {Tensor::full({request.batch_size, I}, 1.0, request.dtype)};
  }
  StepResult call(const Nest& x, const States& states, const CellContext& context) override {
    trained = context.training;
    const Tensor h = add(add(x, states[0]),
                         context.constants.empty() ? Tensor::zeros({I}, DType::f32) : context.constants[0].leaf());
    return {h, {h}};
  }

  int builds = 0;
  bool trained = false;
  SizeNest built_for;
};

TEST(Layer, UserCellsGetBuildConstantsTrainingAndTheirOwnInitialState) {
  const auto cell = std::make_shared<CuriousCell>();
  RNN layer(cell, {.time_major = true});
  const Tensor x = Tensor::zeros({T, B, I}, DType::f32);
  const CallOptions call{.constants = {Tensor::full({I}, 2.0, DType::f32)}, .training = true};
  EXPECT_EQ(layer(x, call).output.leaf().to_vector<float>(), std::vector<float>(B * I, 1.0F + 2.0F * T));
  layer(x, call);
  EXPECT_EQ(cell->builds, 1);
  EXPECT_EQ(cell->built_for.leaf(), (Shape{B, I}));
  EXPECT_TRUE(cell->trained);
}

TEST(Layer, AStackBuildsItsCellsAndGivesConstantsToThoseThatTakeThem) {
  const auto curious = std::make_shared<CuriousCell>();
  const auto minimal =
      std::make_shared<MinimalRNNCell>(Tensor::full({I, 2}, 1.0, DType::f32), Tensor::zeros({2, 2}, DType::f32));
  RNN layer({curious, minimal}, {.return_state = true});
  const LayerResult result =
      layer(Tensor::zeros({B, 1, I}, DType::f32), {.constants = {Tensor::full({I}, 2.0, DType::f32)}});
  EXPECT_EQ(result.output.leaf().to_vector<float>(), std::vector<float>(B * 2, 9.0F));  // I (1 + 2)
  EXPECT_EQ(result.states.size(), 2U);
  EXPECT_EQ(curious->builds, 1);
}

TEST(Layer, SetWeightsReplacesThemAll) {
  const auto cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights());
  RNN layer(cell);
  const Tensor before = layer(inputs()).output;
  const RecurrentWeights weights = lstm_weights();
  cell->set_weights({mul(weights.kernel, 0.5), weights.recurrent_kernel, *weights.bias});
  EXPECT_FALSE(identical(layer(inputs()).output, before));
  expect_words([&] { cell->set_weights({weights.kernel, weights.recurrent_kernel}); }, {"weights: got 2 tensors", "3"});
  expect_words([&] { cell->set_weights({weights.kernel, weights.recurrent_kernel, weights.kernel}); }, {"weight bias"});

  const auto zeros = [](const Shape& shape) { return Tensor::zeros(shape, DType::f32); };
  const Tensor peepholes = Tensor::full({3, H}, 0.5, DType::f32);
  const Tensor projection = Tensor::full({H, 2}, 0.25, DType::f32);
  KnownCell variant({.units = H, .use_bias = false, .use_peepholes = true, .projection_units = 2},
                    {.kernel = weights.kernel,
                     .recurrent_kernel = zeros({2, 4 * H}),
                     .peepholes = zeros({3, H}),
                     .projection = zeros({H, 2})});
  variant.set_weights({weights.kernel, zeros({2, 4 * H}), peepholes, projection});
  EXPECT_TRUE(identical(*variant.weights().peepholes, peepholes));
  EXPECT_TRUE(identical(*variant.weights().projection, projection));
  expect_words(
      [&] {
        variant.set_weights({weights.kernel, zeros({2, 4 * H}), projection, peepholes});
      },
      {"weight peepholes: got f32(4, 2)", "f32(3, 4)"});
}

TEST(Layer, NamesTheArgumentThatDoesNotFit) {
  LSTM layer({.units = H}, lstm_weights());
  const Tensor x = inputs();
  const Tensor state = Tensor::zeros({B, H}, DType::f32);
  expect_words([&] { layer(x.select(2, 0)); }, {"inputs: got f32(2, 5)"});
  expect_words([&] { layer(x.slice(2, 0, 2)); }, {"inputs: got f32(2, 5, 2)", "last axis 3"});
  expect_words([&] { layer(x.to(DType::f64)); }, {"inputs: got f64(2, 5, 3)", "f32"});
  expect_words([&] { layer(x.insert_axis(3)); }, {"inputs: got f32(2, 5, 3, 1)", "rank 3"});
  expect_words<TypeError>([&] { layer(Nest::tuple({x, x})); }, {"structure (*, *)"});
  expect_words([&] { layer(x, {.mask = Tensor::zeros({T, B}, DType::boolean)}); }, {"mask: got bool(5, 2)"});
  expect_words([&] { layer(x, {.initial_state = {state}}); }, {"initial_state: got 1 states", "2"});
  expect_words(
      [&] {
        layer(x, {.initial_state = {state, state.slice(1, 0, 3)}});
      },
      {"initial_state[1]: got f32(2, 3)", "f32(2, 4)"});
  expect_words([&] { layer(x, {.constants = {state}}); }, {"constants: got 1 of them"});
  expect_words([&] { LSTM({}, lstm_weights()); }, {"units: got 0"});
  expect_words([&] { LSTM({.units = H + 1}, lstm_weights()); }, {"weight kernel: got f32(3, 16)", "f32(3, 20)"});
  expect_words([&] { RNN(std::shared_ptr<Cell>()); }, {"cell: got none"});
  expect_words([&] { RNN(std::vector<std::shared_ptr<Cell>>()); }, {"cells: got none"});
  expect_words([&] { RNN(std::vector<std::shared_ptr<Cell>>{nullptr}); }, {"cells: got a null cell"});
  expect_words(
      [&] {
        layer.cell().call(Tensor::zeros({B, 2}, DType::f32), {state, state}, {});
      },
      {"inputs: got f32(2, 2)", "(B, 3)"});
}

TEST(Layer, InputsMayHaveAnyStrides) {
  LSTM layer({.units = H}, lstm_weights());
  const Tensor x = inputs();
  const Tensor expected = layer(x).output;
  const Tensor features_first = x.transpose({2, 0, 1}).clone().transpose({1, 2, 0});  // innermost stride B T
  EXPECT_TRUE(close(layer(features_first).output, expected, 1e-6));
}

}  // namespace
}  // namespace rondo
