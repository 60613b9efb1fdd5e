// contrib's rnn beyond the goldens: its differences from rnn(), and bad input.

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "rondo/tf1/contrib.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_words;
using test::identical;

constexpr std::int64_t B = 2;
constexpr std::int64_t T = 4;
constexpr std::int64_t H = 3;

// The step h' = h + x.
StepResult accumulate(const Nest& x, const States& states, const Constants&) {
  const Tensor h = add(states[0], x);
  return {h, {h}};
}

Tensor ones() { return Tensor::full({B, T, H}, 1.0, DType::f32); }
Tensor mask() { return Tensor::from<bool>({false, true, false, true, true, false, false, true}, {B, T}); }
States sevens() { return {Tensor::full({B, H}, 7.0, DType::f32)}; }

TEST(ContribRnn, AMaskedStepEmitsTheIncomingFirstState) {
  for (const bool unroll : {false, true}) {
    const RnnResult result = contrib::rnn(accumulate, ones(), sevens(), {.mask = mask(), .unroll = unroll});
    EXPECT_EQ(result.outputs.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{7, 8, 8, 9, 8, 8, 8, 9}));
    EXPECT_EQ(result.last_output.leaf().select(1, 1).to_vector<float>(), (std::vector<float>{9, 9}));
    EXPECT_EQ(result.new_states[0].leaf().select(1, 2).to_vector<float>(), (std::vector<float>{9, 9}));
  }
}

// The output of a live step is twice its state, so the test tells the state, which a masked step emits, from the
// previous output.
TEST(ContribRnn, TheStateIsNotThePreviousOutput) {
  const StepFunction step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    const Tensor h = add(states[0], x);
    return {mul(h, 2.0), {h}};
  };
  const RnnResult result = contrib::rnn(step, ones(), sevens(), {.mask = mask()});
  EXPECT_EQ(result.outputs.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{7, 16, 8, 18, 16, 8, 8, 18}));
}

TEST(ContribRnn, BackwardsTheMaskIsReversedAndOutputsStayInProcessingOrder) {
  const RnnResult result = contrib::rnn(accumulate, ones(), sevens(), {.go_backwards = true, .mask = mask()});
  EXPECT_EQ(result.outputs.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{8, 8, 9, 9, 8, 8, 8, 9}));
}

TEST(ContribRnn, OtherStatesMayHaveOtherWidths) {
  const StepFunction step = [](const Nest& x, const States& states, const Constants& constants) -> StepResult {
    const Tensor h = add(add(states[0], x), constants[0].leaf());
    return {h, {h, add(states[1], 1.0)}};
  };
  const States states{sevens()[0], Tensor::zeros({B, 1}, DType::f32)};
  const RnnResult result =
      contrib::rnn(step, ones(), states, {.mask = mask(), .constants = {Tensor::full({B, H}, 1.0, DType::f32)}});
  EXPECT_EQ(result.new_states[1].leaf().to_vector<float>(), (std::vector<float>{2, 2}));
  EXPECT_EQ(result.last_output.leaf().to_vector<float>(), std::vector<float>(B * H, 11.0F));
}

TEST(ContribRnn, WithoutAMaskTheOutputMayBeAnything) {
  const StepFunction step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    return {sum(x.leaf(), {1}), states};
  };
  const RnnResult result = contrib::rnn(step, ones(), sevens());
  EXPECT_EQ(result.outputs.leaf().shape(), (Shape{B, T}));
  expect_words([&] { contrib::rnn(step, ones(), sevens(), {.mask = mask()}); },
               {"step_function: output[0]: got f32(2,)", "f32(2, 3)"});
}

TEST(ContribRnn, WithoutStepsNothingIsCalled) {
  const RnnResult result = contrib::rnn(accumulate, ones().slice(1, 0, 0), sevens());
  EXPECT_EQ(result.outputs.leaf().shape(), (Shape{B, 0, H}));
  EXPECT_TRUE(identical(result.new_states[0], sevens()[0]));
}

TEST(ContribRnn, NamesTheArgumentThatDoesNotFit) {
  expect_words([] { contrib::rnn(accumulate, ones().select(2, 0), sevens()); },
               {"inputs: got f32(2, 4)", "at least 3 axes"});
  expect_words([] { contrib::rnn(accumulate, ones(), sevens(), {.mask = mask().slice(1, 0, 3)}); },
               {"mask: got bool(2, 3)", "(2, 4) or (2, 4, 1)"});
  expect_words([] { contrib::rnn(accumulate, ones(), {}, {.mask = mask()}); },
               {"initial_states: got none", "as a mask is given"});
  expect_words(
      [] {
        contrib::rnn(accumulate, ones(), {Tensor::zeros({3, H}, DType::f32)});
      },
      {"initial_states[0]: got f32(3, 3)", "B = 2"});
  const StepFunction forgetful = [](const Nest& x, const States&, const Constants&) -> StepResult { return {x, {}}; };
  expect_words([&] { contrib::rnn(forgetful, ones(), sevens()); }, {"new states: got 0 states", "expected 1"});
}

}  // namespace
}  // namespace rondo
