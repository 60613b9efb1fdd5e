// rnn() beyond the goldens: freedoms of a step function, edge cases, and bad input.

#include "rondo/keras/rnn.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/counting_allocator.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::expect_words;
using test::identical;
using test::Random;

constexpr std::int64_t B = 2;
constexpr std::int64_t T = 4;
constexpr std::int64_t H = 3;

// The step h' = h + x, whose states are sums over time.
StepResult accumulate(const Nest& x, const States& states, const Constants&) {
  const Tensor h = add(states[0], x);
  return {h, {h}};
}

Tensor ones() { return Tensor::full({B, T, H}, 1.0, DType::f32); }
Tensor zero_state() { return Tensor::zeros({B, H}, DType::f32); }

TEST(Rnn, AStateOfRankZeroIsUpdatedAtMaskedStepsToo) {
  const StepFunction step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    const Tensor h = add(states[0], x);
    return {h, {h, add(states[1], 1.0)}};
  };
  const Tensor mask = Tensor::zeros({B, T}, DType::boolean);
  const RnnResult result = rnn(step, ones(), {zero_state(), Tensor::zeros({}, DType::f32)}, {.mask = mask});
  EXPECT_EQ(result.new_states[0].leaf().to_vector<float>(), std::vector<float>(B * H, 0.0F));
  EXPECT_EQ(result.new_states[1].leaf().item(), static_cast<double>(T));
}

TEST(Rnn, MasksMayHaveAnyDType) {
  const Tensor mask = Tensor::from<float>({1, 0, 1, 0, 0, 0, 2, 1}, {B, T});
  const RnnResult result = rnn(accumulate, ones(), {zero_state()}, {.mask = mask});
  EXPECT_EQ(result.outputs.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{1, 1, 2, 2, 0, 0, 1, 2}));
}

TEST(Rnn, MaskWinsOverInputLength) {
  const Tensor mask = Tensor::full({B, T}, 1.0, DType::boolean);
  const RnnResult result = rnn(accumulate, ones(), {zero_state()}, {.mask = mask, .input_length = 1});
  EXPECT_EQ(result.last_output.leaf().to_vector<float>(), std::vector<float>(B * H, 4.0F));
}

TEST(Rnn, InputLengthMasksAStepWithoutStates) {
  const StepFunction step = [](const Nest& x, const States&, const Constants&) -> StepResult { return {x, {}}; };
  const RnnResult result = rnn(step, ones(), {}, {.input_length = 2, .zero_output_for_mask = true});
  EXPECT_EQ(result.outputs.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST(Rnn, NamedAndListedStructuresKeepTheirForm) {
  const StepFunction step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    const Tensor sum = add(x["a"], states[0]["memory"][0]);
    return {Nest::named({{"sum", sum}, {"pair", Nest::list({sum, x["b"]})}}),
            {Nest::named({{"memory", Nest::list({sum})}})}};
  };
  const Nest inputs = Nest::named({{"a", ones()}, {"b", ones()}});
  const States states{Nest::named({{"memory", Nest::list({zero_state()})}})};
  const RnnResult result = rnn(step, inputs, states, {.go_backwards = true, .return_all_outputs = false});
  EXPECT_EQ(result.outputs.structure(), "{sum: *, pair: [*, *]}");
  EXPECT_EQ(result.new_states[0].structure(), "{memory: [*]}");
  EXPECT_EQ(result.outputs["sum"].leaf().shape(), (Shape{B, 1, H}));
  EXPECT_EQ(result.last_output["sum"].leaf().to_vector<float>(), std::vector<float>(B * H, 4.0F));
}

TEST(Rnn, WithoutStepsTheFirstStateStandsForTheOutput) {
  const Tensor h = Tensor::full({B, H}, 7.0, DType::f32);
  const RnnResult result = rnn(accumulate, ones().slice(1, 0, 0), {h});
  EXPECT_EQ(result.outputs.leaf().shape(), (Shape{B, 0, H}));
  EXPECT_EQ(result.last_output.leaf().to_vector<float>(), std::vector<float>(B * H, 0.0F));
  EXPECT_TRUE(identical(result.new_states[0], h));
  const RnnResult stateless = rnn(accumulate, ones().slice(1, 0, 0), {});
  EXPECT_EQ(stateless.outputs.leaf().shape(), (Shape{B, 0}));
}

TEST(Rnn, WithoutRowsEverythingIsEmpty) {
  const RnnResult result = rnn(accumulate, Tensor::zeros({0, T, H}, DType::f32), {Tensor::zeros({0, H}, DType::f32)},
                               {.mask = Tensor::zeros({0, T}, DType::boolean)});
  EXPECT_EQ(result.outputs.leaf().shape(), (Shape{0, T, H}));
  EXPECT_EQ(result.new_states[0].leaf().shape(), (Shape{0, H}));
}

TEST(Rnn, WhatAMaskedStepComputesReachesNothing) {
  Random random(3);
  Tensor x = random.tensor({B, T, H}, 1.0);
  const Tensor mask = Tensor::from<bool>({false, true, true, false, true, false, true, true}, {B, T});
  const RnnResult clean = rnn(accumulate, x, {zero_state()}, {.mask = mask});
  for (const double poison : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t t = 0; t < T; ++t) {
        if (mask.select(0, b).select(0, t).item() == 0.0) x.select(0, b).select(0, t).fill(poison);
      }
    }
    const RnnResult poisoned = rnn(accumulate, x, {zero_state()}, {.mask = mask});
    EXPECT_TRUE(identical(poisoned.outputs, clean.outputs));
    EXPECT_TRUE(identical(poisoned.new_states[0], clean.new_states[0]));
  }
}

struct StepError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(Rnn, AnExceptionOfTheStepPassesThroughAndNothingLeaks) {
  const test::CountedScope scope;
  int calls = 0;
  const StepFunction step = [&](const Nest& x, const States& states, const Constants& constants) -> StepResult {
    if (++calls == 3) throw StepError("enough");
    return accumulate(x, states, constants);
  };
  expect_words<StepError>([&] { rnn(step, ones(), {zero_state()}, {.input_length = 3}); }, {"enough"});
  EXPECT_EQ(calls, 3);
  EXPECT_GT(scope.counts().allocations(), 0);
  EXPECT_EQ(scope.counts().live(), 0);
}

struct BadCall {
  const char* what;
  std::vector<std::string> words;
  std::function<void()> call;
};

StepFunction returning(const std::function<StepResult(const Tensor&)>& make) {
  return [make](const Nest&, const States& states, const Constants&) { return make(states[0]); };
}

TEST(Rnn, NamesTheArgumentThatDoesNotFit) {
  const Tensor x = ones();
  const States h{zero_state()};
  const BadCall table[] = {
      {"rank 2", {"inputs: got f32(2, 4)", "at least 3 axes"}, [&] { rnn(accumulate, x.select(2, 0), h); }},
      {"no inputs", {"inputs: got no tensor"}, [&] { rnn(accumulate, Nest(), h); }},
      {"leaves disagree on T",
       {"inputs: got f32(2, 3, 3)", "f32(2, 4, 3)"},
       [&] {
         rnn(accumulate, Nest::tuple({x, x.slice(1, 0, 3)}), h);
       }},
      {"mask of another T",
       {"mask: got bool(2, 3)", "(2, 4) or (2, 4, 1)"},
       [&] {
         rnn(accumulate, x, h, {.mask = Tensor::zeros({2, 3}, DType::boolean)});
       }},
      {"mask for each feature",
       {"mask: got bool(2, 4, 3)", "(2, 4) or (2, 4, 1)"},
       [&] {
         rnn(accumulate, x, h, {.mask = Tensor::zeros({2, 4, 3}, DType::boolean)});
       }},
      {"batch-major mask with time_major",
       {"mask: got bool(4, 2)", "(2, 4) or (2, 4, 1)"},
       [&] {
         rnn(accumulate, x, {Tensor::zeros({4, 3}, DType::f32)},
             {.mask = Tensor::zeros({4, 2}, DType::boolean), .time_major = true});
       }},
      {"an empty mask", {"mask: got an empty tensor"}, [&] { rnn(accumulate, x, h, {.mask = Tensor()}); }},
      {"mask without states",
       {"initial_states: got none", "as a mask is given"},
       [&] {
         rnn(accumulate, x, {}, {.mask = Tensor::zeros({2, 4}, DType::boolean)});
       }},
      {"a state of another batch",
       {"initial_states[0]: got f32(3, 3)", "B = 2"},
       [&] {
         rnn(accumulate, x, {Tensor::zeros({3, 3}, DType::f32)});
       }},
      {"input_length above T",
       {"input_length: got 5", "0 to T = 4"},
       [&] { rnn(accumulate, x, h, {.input_length = 5}); }},
      {"input_length below 0", {"input_length: got -1"}, [&] { rnn(accumulate, x, h, {.input_length = -1}); }},
      {"one length above T",
       {"input_length: got 9"},
       [&] {
         rnn(accumulate, x, h, {.input_length = Tensor::from<std::int64_t>({2, 9}, {2})});
       }},
      {"lengths for another batch",
       {"input_length: got i32(3,)", "(2,)"},
       [&] {
         rnn(accumulate, x, h, {.input_length = Tensor::from<std::int32_t>({1, 2, 3}, {3})});
       }},
      {"lengths of floats",
       {"input_length: got f32(2,)"},
       [&] {
         rnn(accumulate, x, h, {.input_length = Tensor::from<float>({1, 2}, {2})});
       }},
      {"a step that drops a state",
       {"step_function: new states: got 0 states", "1"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{s, {}}; }), x, h);
       }},
      {"a step that changes a state's shape",
       {"step_function: new states[0]: got f32(2, 2)", "f32(2, 3)"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{s, {s.slice(1, 0, 2)}}; }), x, h);
       }},
      {"a step that changes a state's dtype",
       {"step_function: new states[0]: got f64(2, 3)", "f32(2, 3)"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{s, {s.to(DType::f64)}}; }), x, h);
       }},
      {"a step that nests a state",
       {"step_function: new states[0]: got the structure (*,)", "*"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{s, {Nest::tuple({s})}}; }), x, h);
       }},
      {"an output without a batch",
       {"step_function: output: got f32()", "B = 2"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{Tensor::zeros({}, DType::f32), {s}}; }), x, h);
       }},
      {"an empty output",
       {"step_function: output: got an empty tensor"},
       [&] {
         rnn(returning([](const Tensor& s) { return StepResult{Tensor(), {s}}; }), x, h);
       }},
  };
  for (const BadCall& row : table) {
    SCOPED_TRACE(row.what);
    expect_words(row.call, row.words);
  }
}

TEST(Rnn, AnOutputMayNotChangeItsShape) {
  int calls = 0;
  const StepFunction step = [&](const Nest&, const States& states, const Constants&) -> StepResult {
    const Tensor h = states[0];
    return {++calls == 1 ? h : h.slice(1, 0, 1), {h}};
  };
  expect_words([&] { rnn(step, ones(), {zero_state()}); }, {"step_function: output[0]: got f32(2, 1)", "f32(2, 3)"});
}

}  // namespace
}  // namespace rondo
