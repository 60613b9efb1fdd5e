// rnn_with_pullback: the function itself, what it refuses, and what does not reach a gradient.

#include <gtest/gtest.h>

#include <limits>

#include "rondo/keras/rnn_gradients.h"
#include "rondo/ops/operators.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kBatch = 2, kSteps = 3, kUnits = 2;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// h' = h + w x
StepWithPullback weighted_sum(const Nest& x, const States& states, const Constants& constants) {
  const Tensor input = x;
  const Tensor w = constants[0];
  const Tensor h = states[0] + w * input;
  return {h, {h}, [=](const Nest& d_output, const States& d_states) -> StepGradients {
            const Tensor d = d_output.leaf() + d_states[0];
            return {w * d, {d}, {sum(d * input, {0})}};
          }};
}

class RnnPullbackTest : public ::testing::Test {
 protected:
  Random random_{3};
  Tensor x_ = random_.tensor({kBatch, kSteps, kUnits}, 1.0);
  States zeros_ = {Tensor::zeros({kBatch, kUnits}, DType::f32)};
  RnnOptions options_{.constants = {Tensor::from({2.0F, 3.0F}, {kUnits})}};
  Tensor ones_ = Tensor::full({kBatch, kUnits}, 1.0, DType::f32);
};

TEST_F(RnnPullbackTest, HasTheResultsOfRnn) {
  options_.go_backwards = true;
  options_.mask = Tensor::from({true, false, true, false, true, true}, {kBatch, kSteps});
  const StepFunction plain = [](const Nest& x, const States& states, const Constants& constants) -> StepResult {
    StepWithPullback step = weighted_sum(x, states, constants);
    return {step.output, step.states};
  };
  const RnnResult expected = rnn(plain, x_, zeros_, options_);
  const RnnResult actual = rnn_with_pullback(weighted_sum, x_, zeros_, options_).result;
  EXPECT_TRUE(identical(actual.outputs, expected.outputs));
  EXPECT_TRUE(identical(actual.last_output, expected.last_output));
  EXPECT_TRUE(identical(actual.new_states[0], expected.new_states[0]));
}

/// The last h is h0 + w (x0 + x1 + x2), so that every gradient is known: dx = w, dh0 = 1, dw = the sum of x.
TEST_F(RnnPullbackTest, CarriesGradientsThroughTheLoop) {
  const RnnWithPullback run = rnn_with_pullback(weighted_sum, x_, zeros_, options_);
  const RnnGradients gradients = run.pullback({.last_output = ones_});
  const Tensor w = options_.constants[0];
  EXPECT_TRUE(identical(gradients.inputs, add(zeros_like(x_), w)));
  EXPECT_TRUE(identical(gradients.initial_states[0], ones_));
  EXPECT_TRUE(close(gradients.constants[0], sum(x_, {0, 1}), 1e-6));
  EXPECT_TRUE(gradients.reset_state.empty());
  // The pullback may be called again, and with other gradients in between.
  (void)run.pullback({.new_states = {ones_ * 2.0}});
  EXPECT_TRUE(identical(run.pullback({.last_output = ones_}).constants[0], gradients.constants[0]));
}

TEST_F(RnnPullbackTest, NothingThatADeadRowReadsReachesAGradient) {
  options_.input_length = Tensor::from<std::int32_t>({3, 1}, {kBatch});
  const RnnGradients expected = rnn_with_pullback(weighted_sum, x_, zeros_, options_).pullback({.last_output = ones_});
  const Tensor padded = x_.clone();
  padded.select(0, 1).slice(0, 1, 3).fill(kNaN);
  const RnnGradients actual =
      rnn_with_pullback(weighted_sum, padded, zeros_, options_).pullback({.last_output = ones_});
  EXPECT_TRUE(identical(actual.constants[0], expected.constants[0]));
  EXPECT_TRUE(identical(actual.inputs, expected.inputs));
  EXPECT_EQ(largest_magnitude(actual.inputs.leaf().select(0, 1).slice(0, 1, 3)), 0.0);
}

/// Nor does what the step's pullback returns for a dead row.
TEST_F(RnnPullbackTest, GradientsOfDeadRowsAreDiscarded) {
  const DifferentiableStep step = [](const Nest& x, const States& states, const Constants& constants) {
    StepWithPullback result = weighted_sum(x, states, constants);
    const Tensor dead = x.leaf();
    result.pullback = [dead, inner = result.pullback](const Nest& d_output, const States& d_states) {
      StepGradients gradients = inner(d_output, d_states);
      const Tensor nan = Tensor::full(dead.shape(), kNaN, dead.dtype());
      const Tensor is_live = dead.to(DType::boolean);  // dead rows read zeros
      gradients.inputs = where(is_live, gradients.inputs.leaf(), nan);
      gradients.states[0] = where(is_live, gradients.states[0].leaf(), nan);
      return gradients;
    };
    return result;
  };
  options_.mask = Tensor::from({true, false, true, false, true, true}, {kBatch, kSteps});
  const RnnGradients actual = rnn_with_pullback(step, x_, zeros_, options_).pullback({.last_output = ones_});
  const RnnGradients expected = rnn_with_pullback(weighted_sum, x_, zeros_, options_).pullback({.last_output = ones_});
  EXPECT_TRUE(identical(actual.inputs, expected.inputs));
  EXPECT_TRUE(identical(actual.initial_states[0], expected.initial_states[0]));
}

TEST_F(RnnPullbackTest, WithoutStepsOnlyTheStatesHaveGradients) {
  const Tensor nothing = Tensor::zeros({kBatch, 0, kUnits}, DType::f32);
  const RnnWithPullback run = rnn_with_pullback(weighted_sum, nothing, zeros_, options_);
  const RnnGradients gradients = run.pullback({.last_output = ones_ * 5.0, .new_states = {ones_}});
  EXPECT_TRUE(identical(gradients.initial_states[0], ones_));
  EXPECT_EQ(largest_magnitude(gradients.constants[0]), 0.0);
  EXPECT_EQ(gradients.inputs.leaf().shape(), nothing.shape());
}

/// A step may count with integers, whose gradients are zeros whatever its pullback returns for them, and leave out what
/// is zero.
TEST_F(RnnPullbackTest, IntegersHaveNoGradients) {
  const DifferentiableStep step = [](const Nest& x, const States& states, const Constants&) -> StepWithPullback {
    const Tensor h = states[0] + x;
    return {h, {h, add(states[1], 1)}, [](const Nest& d_output, const States& d_states) -> StepGradients {
              const Tensor d = d_output.leaf() + d_states[0];
              return {d, {d, d}, {}};
            }};
  };
  const States initial = {zeros_[0], Tensor::zeros({kBatch, 1}, DType::i32)};
  const RnnGradients gradients = rnn_with_pullback(step, x_, initial, options_).pullback({.last_output = ones_});
  EXPECT_TRUE(identical(gradients.inputs, add(zeros_like(x_), 1)));
  EXPECT_TRUE(identical(gradients.initial_states[1], initial[1]));
  EXPECT_TRUE(identical(gradients.constants[0], zeros_like(options_.constants[0].leaf())));
}

TEST_F(RnnPullbackTest, RefusesGradientsThatDoNotFit) {
  const DifferentiableStep without = [](const Nest& x, const States& states, const Constants& constants) {
    StepWithPullback step = weighted_sum(x, states, constants);
    step.pullback = nullptr;
    return step;
  };
  expect_words([&] { (void)rnn_with_pullback(without, x_, zeros_, options_); }, {"pullback", "none"});

  const RnnWithPullback run = rnn_with_pullback(weighted_sum, x_, zeros_, options_);
  expect_words([&] { (void)run.pullback({.last_output = x_}); }, {"last_output", "f32(2, 3, 2)", "f32(2, 2)"});
  expect_words([&] { (void)run.pullback({.outputs = ones_}); }, {"outputs", "f32(2, 2)", "f32(2, 3, 2)"});
  expect_words([&] { (void)run.pullback({.new_states = {ones_, ones_}}); }, {"new_states", "2 of them"});
  expect_words([&] { (void)run.pullback({.new_states = {ones_.to(DType::f64)}}); }, {"new_states[0]", "f64(2, 2)"});

  const auto expect_refused = [&](const StepGradients& wrong, const std::vector<std::string>& words) {
    const DifferentiableStep step = [&](const Nest& x, const States& states, const Constants& constants) {
      StepWithPullback result = weighted_sum(x, states, constants);
      result.pullback = [wrong](const Nest&, const States&) { return wrong; };
      return result;
    };
    const RnnWithPullback bad = rnn_with_pullback(step, x_, zeros_, options_);
    expect_words([&] { (void)bad.pullback({.last_output = ones_}); }, words);
  };
  expect_refused({.inputs = x_}, {"step's pullback: inputs", "f32(2, 3, 2)", "f32(2, 2)"});
  expect_refused({.states = {ones_, ones_}}, {"step's pullback: states", "2 of them", "1"});
  expect_refused({.constants = {ones_}}, {"step's pullback: constants[0]", "f32(2, 2)", "f32(2,)"});
}

}  // namespace
}  // namespace rondo::test
