// Dropout beyond the goldens: the generator, the order of draws, and the agreement of paths.

#include <gtest/gtest.h>

#include "layers/keras/philox.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::close;
using test::expect_words;
using test::identical;
using test::Random;

constexpr std::int64_t B = 3;
constexpr std::int64_t T = 4;
constexpr std::int64_t H = 5;

/// Weights that pass inputs and states unchanged: h' = x + recurrent h, so that dropout shows.
RecurrentWeights identity(std::int64_t units, double recurrent) {
  const Tensor kernel = Tensor::zeros({units, units}, DType::f32);
  const Tensor recurrent_kernel = Tensor::zeros({units, units}, DType::f32);
  for (std::int64_t k = 0; k < units; ++k) {
    kernel.select(0, k).select(0, k).fill(1);
    recurrent_kernel.select(0, k).select(0, k).fill(recurrent);
  }
  return {kernel, recurrent_kernel, std::nullopt};
}

SimpleRNNCellOptions plain(std::int64_t units, double dropout, std::uint64_t seed = 0) {
  return {.units = units, .activation = Activation::linear, .use_bias = false, .dropout = dropout, .seed = seed};
}

constexpr RNNOptions kSequences{.return_sequences = true};

RecurrentWeights gru_weights(Random& random, std::int64_t I) {
  return {random.tensor({I, 3 * H}, 0.5), random.tensor({H, 3 * H}, 0.5), random.tensor({2, 3 * H}, 0.5)};
}

const CallOptions kTraining{.training = true};

TEST(Philox, GivesTheNumbersOfItsAuthors) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32_10({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Dropout, OneMaskHoldsForAllStepsOfACallAndTheNextCallHasAnother) {
  SimpleRNN layer(plain(H, 0.5), identity(H, 0.0), kSequences);
  const Tensor x = Tensor::full({B, T, H}, 1.0, DType::f32);
  const Tensor first = layer(x, kTraining).output.leaf();
  for (std::int64_t t = 1; t < T; ++t) EXPECT_TRUE(identical(first.select(1, t), first.select(1, 0)));
  const Tensor second = layer(x, kTraining).output.leaf();
  EXPECT_FALSE(identical(second, first));
  EXPECT_TRUE(identical(layer(x, {.training = true, .dropout_call = 0}).output.leaf(), first));
  EXPECT_TRUE(identical(layer(x, {.training = true, .dropout_call = 1}).output.leaf(), second));
  EXPECT_FALSE(identical(SimpleRNN(plain(H, 0.5, 1), identity(H, 0.0), kSequences)(x, kTraining).output.leaf(), first));
}

/// By hand, with a mask for each gate: of x, and of the h that U multiplies.
TEST(Dropout, AnMguDropsForEachGate) {
  Random random(3);
  const RecurrentWeights weights{random.tensor({2, 2 * H}, 0.5), random.tensor({H, 2 * H}, 0.5),
                                 random.tensor({2, 2 * H}, 0.5)};
  KnownCell cell({.kind = CellKind::mgu, .units = H}, weights, {.dropout = 0.4, .recurrent_dropout = 0.3});
  const DropoutMasks masks = cell.draw_masks(B, {.training = true});
  ASSERT_EQ(masks.inputs.size(), 2U);
  ASSERT_EQ(masks.recurrent.size(), 2U);
  const Tensor x = random.tensor({B, 2}, 1.0);
  const Tensor h = random.tensor({B, H}, 1.0);
  const auto products = [&](std::size_t gate) {
    const auto part = [&](const Tensor& weight) { return split(weight, 2)[gate]; };
    return std::pair{
        add(dot(mul(x, masks.inputs[gate]), part(weights.kernel)), part(weights.bias->select(0, 0))),
        add(dot(mul(h, masks.recurrent[gate]), part(weights.recurrent_kernel)), part(weights.bias->select(0, 1)))};
  };
  const auto [f_of_x, f_of_h] = products(0);
  const auto [n_of_x, n_of_h] = products(1);
  const Tensor f = sigmoid(add(f_of_x, f_of_h));
  const Tensor n = tanh(add(n_of_x, mul(f, n_of_h)));
  const Tensor expected = add(mul(f, h), mul(add(neg(f), 1.0), n));
  const StepResult step = cell.call(x, {h}, {.training = true});
  EXPECT_TRUE(close(step.output.leaf(), expected, 1e-6));
  EXPECT_TRUE(identical(step.states[0].leaf(), step.output.leaf()));
}

TEST(Dropout, DropsAtItsRateAndScalesTheRest) {
  constexpr std::int64_t kUnits = 400;
  constexpr std::int64_t kRows = 100;
  const auto outputs = [&](double dropout, double recurrent_dropout) {
    SimpleRNNCellOptions options = plain(kUnits, dropout, 42);
    options.recurrent_dropout = recurrent_dropout;
    SimpleRNN layer(options, identity(kUnits, 1.0), kSequences);
    const Tensor x = Tensor::full({kRows, 1, kUnits}, dropout > 0 ? 1.0 : 0.0, DType::f32);
    const Tensor h = Tensor::full({kRows, kUnits}, dropout > 0 ? 0.0 : 1.0, DType::f32);
    return layer(x, {.initial_state = {h}, .training = true}).output.leaf().to_vector<float>();
  };
  for (const std::vector<float>& values : {outputs(0.3, 0), outputs(0, 0.3)}) {
    double dropped = 0;
    for (const float value : values) {
      if (value == 0) {
        ++dropped;
      } else {
        EXPECT_FLOAT_EQ(value, 1 / 0.7F);
      }
    }
    // 40,000 elements: a standard deviation of the share is 0.0023.
    EXPECT_NEAR(dropped / static_cast<double>(values.size()), 0.3, 0.01);
  }
}

TEST(Dropout, OnlyInTrainingAndOnlyBelowOne) {
  SimpleRNN dropping(plain(H, 1.0), identity(H, 0.5), kSequences);
  SimpleRNN whole(plain(H, 0.0), identity(H, 0.5), kSequences);
  const Tensor x = Random(1).tensor({B, T, H}, 1.0);
  EXPECT_TRUE(identical(dropping(x).output.leaf(), whole(x).output.leaf()));
  expect_words([&] { dropping(x, kTraining); }, {"dropout", "1", "below 1"});
  EXPECT_EQ(LSTMCell({.units = 1, .use_bias = false, .dropout = 2, .recurrent_dropout = -1},
                     {Tensor::zeros({1, 4}, DType::f32), Tensor::zeros({1, 4}, DType::f32), std::nullopt})
                .dropout()
                .dropout,
            1);
  SimpleRNN below(plain(H, -0.5), identity(H, 0.5), kSequences);
  EXPECT_TRUE(identical(below(x, kTraining).output.leaf(), whole(x).output.leaf()));
  expect_words([&] { (void)GRU({.units = H, .implementation = 3}, RecurrentWeights{}); }, {"implementation", "3"});
}

TEST(Dropout, PlannedAndSteppedCallsDropTheSame) {
  Random random(3);
  const std::int64_t I = 4;
  const auto cell =
      std::make_shared<GRUCell>(GRUCellOptions{.units = H, .dropout = 0.5, .seed = 8}, gru_weights(random, I));
  const RNNOptions options{.return_sequences = true, .return_state = true};
  RNN planned(cell, options);
  RNN stepped(std::make_shared<test::Hidden>(cell), options);
  const Tensor x = random.tensor({B, T, I}, 1.0);
  for (int call = 0; call < 2; ++call) {
    const LayerResult first = planned(x, kTraining);
    const LayerResult second = stepped(x, kTraining);
    EXPECT_TRUE(close(second.output.leaf(), first.output.leaf(), 1e-5));
    EXPECT_TRUE(close(second.states[0].leaf(), first.states[0].leaf(), 1e-5));
  }
}

TEST(Dropout, MasksOfGatesCellsAndStatesDiffer) {
  const Tensor kernel = Tensor::zeros({40, 120}, DType::f32);
  const GRUCell cell({.units = 40, .use_bias = false, .dropout = 0.5, .recurrent_dropout = 0.5},
                     {kernel, kernel, std::nullopt});
  EXPECT_EQ(cell.dropout().implementation, 1);
  const DropoutMasks masks = cell.draw_masks(B, {});
  ASSERT_EQ(masks.inputs.size(), 3U);
  ASSERT_EQ(masks.recurrent.size(), 3U);
  EXPECT_FALSE(identical(masks.inputs[0], masks.inputs[1]));
  EXPECT_FALSE(identical(masks.inputs[0], masks.recurrent[0]));
  EXPECT_FALSE(identical(masks.inputs[0], cell.draw_masks(B, {.position = 1}).inputs[0]));
  EXPECT_FALSE(identical(masks.inputs[0], cell.draw_masks(B, {.dropout_call = std::uint64_t{1} << 32}).inputs[0]));
}

TEST(Dropout, DirectionsHaveMasksOfTheirOwn) {
  const SimpleRNN layer(plain(H, 0.5), identity(H, 0.0), kSequences);
  Bidirectional both(layer, {identity(H, 0.0)}, MergeMode::none);
  const Tensor x = Tensor::full({B, T, H}, 1.0, DType::f32);
  const Nest output = both(x, kTraining).output;
  EXPECT_FALSE(identical(output[0].leaf(), output[1].leaf()));
  EXPECT_TRUE(
      identical(output[0].leaf(), SimpleRNN(plain(H, 0.5), identity(H, 0.0), kSequences)(x, kTraining).output.leaf()));
  EXPECT_TRUE(identical(both(x).output[0].leaf(), x));
}

TEST(Dropout, EveryDTypeHasItsOwnScale) {
  for (const DType dtype : {DType::f64, DType::f16, DType::bf16}) {
    const RecurrentWeights weights = identity(H, 0.0);
    SimpleRNN layer(plain(H, 0.25), {weights.kernel.to(dtype), weights.recurrent_kernel.to(dtype), std::nullopt},
                    kSequences);
    SimpleRNN single(plain(H, 0.25), weights, kSequences);
    const Tensor x = Tensor::full({B, T, H}, 1.0, DType::f32);
    const Tensor expected = single(x, kTraining).output.leaf().to(dtype);
    EXPECT_TRUE(close(layer(x.to(dtype), kTraining).output.leaf(), expected, 1e-6)) << to_string(dtype);
  }
}

}  // namespace
}  // namespace rondo
