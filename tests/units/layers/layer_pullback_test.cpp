// The pullbacks of layers: what they own, when they may be called, and what they refuse.

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "rondo/keras/bidirectional.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kBatch = 2, kSteps = 4, kInputs = 3, kUnits = 5;

RecurrentWeights lstm_weights(Random& random) {
  return {.kernel = random.tensor({kInputs, 4 * kUnits}, 1.0),
          .recurrent_kernel = random.tensor({kUnits, 4 * kUnits}, 1.0),
          .bias = random.tensor({4 * kUnits}, 1.0)};
}

std::vector<Tensor> leaves_of(const LayerGradients& gradients) {
  std::vector<Tensor> leaves = gradients.weights;
  for (const Tensor& leaf : gradients.inputs.flatten()) leaves.push_back(leaf);
  for (const Tensor& leaf : Nest::tuple(gradients.initial_state).flatten()) leaves.push_back(leaf);
  for (const Tensor& leaf : Nest::tuple(gradients.reset_state).flatten()) leaves.push_back(leaf);
  return leaves;
}

void expect_identical(const LayerGradients& actual, const LayerGradients& expected) {
  const std::vector<Tensor> left = leaves_of(actual);
  const std::vector<Tensor> right = leaves_of(expected);
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t k = 0; k < left.size(); ++k) EXPECT_TRUE(identical(left[k], right[k])) << "gradient " << k;
}

/// An LSTM and inputs for it.
class LayerPullback : public ::testing::Test {
 protected:
  Random random_{7};
  RecurrentWeights weights_ = lstm_weights(random_);
  Tensor x_ = random_.tensor({kBatch, kSteps, kInputs}, 1.0);
  Tensor d_sequence_ = random_.tensor({kBatch, kSteps, kUnits}, 1.0);
  Tensor d_last_ = random_.tensor({kBatch, kUnits}, 1.0);

  LSTM lstm(const RNNOptions& options) const { return {{.units = kUnits}, weights_, options}; }
  Tensor rows() { return random_.tensor({kBatch, kUnits}, 1.0); }
};

TEST_F(LayerPullback, HasTheBitsOfSessionBackward) {
  const std::vector<Tensor> states{rows(), rows()};
  const std::vector<Tensor> d_states{rows(), rows()};
  LSTM layer = lstm({.return_sequences = true, .return_state = true, .time_major = true});
  const Tensor x = x_.swap_axes(0, 1).contiguous();
  const Tensor d_y = d_sequence_.swap_axes(0, 1).contiguous();
  CallOptions call{.gradients = true};
  call.initial_state = {states[0], states[1]};
  const LayerGradients actual = layer(x, call).pullback(d_y, {d_states[0], d_states[1]});

  const Plan plan =
      Plan::create({.cell = {.units = kUnits}, .T = kSteps, .B = kBatch, .I = kInputs, .keep = Keep::gates});
  Session session(plan, weights_);
  SessionTensors run{.x = x, .initial_state = states, .y = Tensor::empty(d_y.shape(), DType::f32)};
  run.reserve = Tensor::empty({static_cast<std::int64_t>(plan.reserve_bytes())}, DType::u8);
  session.run(run);
  SessionGradients expected{.y = d_y, .final_state = d_states};
  expected.x = zeros_like(x);
  expected.initial_state = {zeros_like(states[0]), zeros_like(states[1])};
  expected.weights = {.kernel = zeros_like(weights_.kernel),
                      .recurrent_kernel = zeros_like(weights_.recurrent_kernel),
                      .bias = zeros_like(*weights_.bias)};
  session.backward(run, expected);
  expect_identical(actual,
                   {.inputs = *expected.x,
                    .initial_state = {expected.initial_state[0], expected.initial_state[1]},
                    .weights = {*expected.weights.kernel, *expected.weights.recurrent_kernel, *expected.weights.bias}});
}

TEST_F(LayerPullback, MayAwaitOtherCallsAndBeCalledAgain) {
  LSTM layer = lstm({});
  const CallOptions call{.gradients = true};
  const Tensor other = random_.tensor({kBatch, kSteps, kInputs}, 1.0);
  const LayerGradients of_first = layer(x_, call).pullback(d_last_);
  const LayerGradients of_second = layer(other, call).pullback(d_last_);

  const LayerResult first = layer(x_, call);
  const LayerResult second = layer(other, call);
  (void)layer(other);
  // More other sizes than a cell keeps sessions for.
  for (std::int64_t T = 1; T < 12; ++T) (void)layer(random_.tensor({1, T, kInputs}, 1.0), call);
  expect_identical(second.pullback(d_last_), of_second);
  expect_identical(first.pullback(d_last_), of_first);
  expect_identical(second.pullback(d_last_), of_second);
  const Pullback copy = first.pullback;
  expect_identical(copy(d_last_), of_first);
}

TEST_F(LayerPullback, ManyThreadsMayCallIt) {
  LSTM layer = lstm({});
  const LayerResult result = layer(x_, {.gradients = true});
  const LayerGradients expected = result.pullback(d_last_);
  std::vector<LayerGradients> actual(4);
  std::vector<std::thread> threads;
  for (LayerGradients& gradients : actual) {
    threads.emplace_back([&] {
      for (int call = 0; call < 20; ++call) gradients = result.pullback(d_last_);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const LayerGradients& gradients : actual) expect_identical(gradients, expected);
}

TEST_F(LayerPullback, OutlivesItsLayerAndItsNextWeights) {
  LayerResult result;
  LayerGradients expected;
  {
    LSTM layer = lstm({});
    result = layer(x_, {.gradients = true});
    expected = result.pullback(d_last_);
    const RecurrentWeights next = lstm_weights(random_);
    dynamic_cast<KnownCell&>(layer.cell()).set_weights({next.kernel, next.recurrent_kernel, *next.bias});
    (void)layer(x_, {.gradients = true});
    expect_identical(result.pullback(d_last_), expected);
  }
  expect_identical(result.pullback(d_last_), expected);
}

TEST_F(LayerPullback, RefusesReloadedWeights) {
  LSTM layer = lstm({});
  const LayerResult result = layer(x_, {.gradients = true});
  layer.reload_weights();
  expect_words([&] { (void)result.pullback(d_last_); }, {"reserve", "reloaded"});
}

/// The second call of a stateful layer has the gradients of a call that is given the states of the first: none of them
/// reach the first.
TEST_F(LayerPullback, StopsAtStoredStates) {
  LSTM stateful = lstm({.return_state = true, .stateful = true});
  LSTM plain = lstm({.return_state = true});
  const CallOptions call{.gradients = true};
  const LayerResult first = stateful(x_, call);
  const LayerGradients of_first = first.pullback(d_last_);
  const LayerResult second = stateful(x_, call);
  const LayerGradients of_second = second.pullback(d_last_);
  EXPECT_TRUE(of_second.initial_state.empty());

  CallOptions given = call;
  given.initial_state = first.states;
  LayerGradients expected = plain(x_, given).pullback(d_last_);
  EXPECT_EQ(expected.initial_state.size(), 2U);
  expected.initial_state.clear();
  expect_identical(of_second, expected);
  expect_identical(first.pullback(d_last_), of_first);
}

TEST_F(LayerPullback, AbsentGradientsStandForZeros) {
  LSTM layer = lstm({.return_state = true});
  const LayerResult result = layer(x_, {.gradients = true});
  const Tensor zeros = Tensor::zeros({kBatch, kUnits}, DType::f32);
  expect_identical(result.pullback(d_last_), result.pullback(d_last_, {zeros, zeros}));
  expect_identical(result.pullback({}, {d_last_, zeros}), result.pullback(zeros, {d_last_, zeros}));
}

/// What a step at which a row is dead reads does not matter, even NaN.
TEST_F(LayerPullback, NothingLeaksFromDeadSteps) {
  const std::vector<std::shared_ptr<Cell>> cells = {
      std::make_shared<LSTMCell>(LSTMCellOptions{.units = kUnits}, weights_),
      std::make_shared<SimpleRNNCell>(SimpleRNNCellOptions{.units = 2, .use_bias = false},
                                      RecurrentWeights{.kernel = random_.tensor({kUnits, 2}, 1.0),
                                                       .recurrent_kernel = random_.tensor({2, 2}, 1.0)})};
  RNN layer(cells, {.return_sequences = true});
  CallOptions call{.gradients = true};
  call.mask = Tensor::from({true, false, true, true, true, true, true, false}, {kBatch, kSteps});
  const Tensor d_y = random_.tensor({kBatch, kSteps, 2}, 1.0);
  const LayerGradients expected = layer(x_, call).pullback(d_y);
  const Tensor x = x_.clone();
  x.select(0, 0).select(0, 1).fill(std::numeric_limits<double>::quiet_NaN());
  x.select(0, 1).select(0, 3).fill(std::numeric_limits<double>::infinity());
  expect_identical(layer(x, call).pullback(d_y), expected);
  EXPECT_EQ(largest_magnitude(expected.inputs.leaf().select(0, 0).select(0, 1)), 0.0);
}

TEST_F(LayerPullback, RefusesGradientsThatDoNotFit) {
  LSTM layer = lstm({.return_state = true});
  LSTM without_states = lstm({});
  const LayerResult result = layer(x_, {.gradients = true});
  expect_words([&] { (void)result.pullback(d_sequence_); }, {"d_output", "f32(2, 4, 5)", "f32(2, 5)"});
  expect_words([&] { (void)result.pullback(d_last_.to(DType::f64)); }, {"d_output", "f64(2, 5)", "f32(2, 5)"});
  expect_words([&] { (void)result.pullback(Nest::tuple({d_last_, d_last_})); }, {"d_output", "(*, *)"});
  expect_words([&] { (void)result.pullback(d_last_, {d_last_}); }, {"d_states", "1 states", "2"});
  expect_words([&] { (void)result.pullback(d_last_, {d_last_, d_sequence_}); }, {"d_states[1]", "f32(2, 4, 5)"});
  const LayerResult stateless = without_states(x_, {.gradients = true});
  expect_words([&] { (void)stateless.pullback(d_last_, {d_last_, d_last_}); }, {"d_states", "none"});
}

TEST_F(LayerPullback, IsEmptyWithoutTheOption) {
  LSTM layer = lstm({});
  const LayerResult result = layer(x_);
  EXPECT_FALSE(static_cast<bool>(result.pullback));
  expect_words([&] { (void)result.pullback(d_last_); }, {"pullback", "CallOptions::gradients"});
}

TEST_F(LayerPullback, BothDirectionsOfPackedInputsHaveGradients) {
  const LSTM forward = lstm({.return_sequences = true});
  Bidirectional layer(forward, {lstm_weights(random_)});
  const Tensor packed = Tensor::empty({2 * kSteps, kInputs}, DType::f32);
  for (std::int64_t t = 0; t < kSteps; ++t) packed.slice(0, 2 * t, 2 * t + 2).copy_from(x_.select(1, t));
  CallOptions call{.gradients = true};
  const LayerGradients expected = layer(x_, call).pullback(concat({d_sequence_, d_sequence_}));
  call.batch_sizes = Tensor::from<std::int64_t>({2, 2, 2, 2}, {kSteps});
  const Tensor d_packed =
      concat({d_sequence_, d_sequence_}).swap_axes(0, 1).contiguous().reshape({2 * kSteps, 2 * kUnits});
  const LayerGradients actual = layer(packed, call).pullback(d_packed);
  for (std::size_t k = 0; k < expected.weights.size(); ++k) {
    EXPECT_TRUE(close(actual.weights[k], expected.weights[k], 1e-5)) << "weight " << k;
  }
  const Tensor d_x = actual.inputs.leaf().reshape({kSteps, kBatch, kInputs}).swap_axes(0, 1);
  EXPECT_TRUE(close(d_x, expected.inputs, 1e-5));
}

TEST_F(LayerPullback, PlansTellOfGradients) {
  const LSTM layer = lstm({});
  EXPECT_EQ(layer.plans({.gradients = true})[0].spec().keep, Keep::gates);
  EXPECT_FALSE(layer.plans({.gradients = true})[0].backward_executor_name().empty());
  EXPECT_EQ(layer.plans({})[0].spec().keep, Keep::nothing);
}

}  // namespace
}  // namespace rondo::test
