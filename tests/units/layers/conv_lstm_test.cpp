// ConvLSTM beyond the goldens: every dtype, images of another size, and bad input.

#include "rondo/keras/conv_lstm.h"

#include <gtest/gtest.h>

#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::close;
using test::expect_words;
using test::identical;
using test::Random;

constexpr std::int64_t C = 3;
constexpr std::int64_t F = 2;

RecurrentWeights weights(DType dtype = DType::f32) {
  Random random(1);
  return {random.tensor({3, 2, C, 4 * F}, 0.3, dtype), random.tensor({3, 2, F, 4 * F}, 0.3, dtype),
          random.tensor({4 * F}, 0.5, dtype)};
}

ConvLSTMCellOptions options() { return {.filters = F, .kernel_size = {3, 2}}; }

constexpr RNNOptions kSequences{.return_sequences = true};

Tensor images(std::int64_t rows, std::int64_t columns) { return Random(2).tensor({2, 4, rows, columns, C}, 1.0); }

TEST(ConvLstm, EveryDTypeComputesTheSame) {
  ConvLSTM2D reference(options(), weights(DType::f64), kSequences);
  const Tensor expected = reference(images(5, 4).to(DType::f64)).output.leaf();
  EXPECT_EQ(expected.shape(), Shape({2, 4, 3, 3, F}));
  const std::vector<std::pair<DType, double>> dtypes{{DType::f32, 1e-5}, {DType::f16, 5e-3}, {DType::bf16, 4e-2}};
  for (const auto& [dtype, tolerance] : dtypes) {
    ConvLSTM2D layer(options(), weights(dtype), kSequences);
    const Tensor output = layer(images(5, 4).to(dtype)).output.leaf();
    EXPECT_TRUE(close(output.to(DType::f64), expected, tolerance)) << to_string(dtype);
  }
}

TEST(ConvLstm, APointwiseKernelOverOneElementIsAnLstm) {
  Random random(3);
  const Tensor kernel = random.tensor({C, 4 * F}, 0.5);
  const Tensor recurrent = random.tensor({F, 4 * F}, 0.5);
  const Tensor bias = random.tensor({4 * F}, 0.5);
  LSTM lstm({.units = F, .recurrent_activation = Activation::hard_sigmoid}, {kernel, recurrent, bias},
            {.return_sequences = true});
  ConvLSTM1D conv({.filters = F, .kernel_size = {1}}, {kernel.insert_axis(0), recurrent.insert_axis(0), bias},
                  {.return_sequences = true});
  const Tensor x = random.tensor({2, 5, C}, 1.0);
  const Tensor mask = Tensor::from({true, false, true, true, false, false, true, true, false, true}, {2, 5});
  const Tensor expected = lstm(x, {.mask = mask}).output.leaf();
  EXPECT_TRUE(close(conv(x.insert_axis(2), {.mask = mask}).output.leaf().erase_axis(2), expected, 1e-5));
}

TEST(ConvLstm, TakesTheSizeOfItsImagesFromEveryCall) {
  ConvLSTM2D layer(options(), weights(), kSequences);
  const Tensor first = layer(images(5, 4)).output.leaf();
  EXPECT_EQ(layer(images(7, 3)).output.leaf().shape(), Shape({2, 4, 5, 2, F}));
  EXPECT_TRUE(identical(layer(images(5, 4)).output.leaf(), first));
}

TEST(ConvLstm, OneNumberIsForAllAxes) {
  RecurrentWeights square = weights();
  square.kernel = square.kernel.slice(0, 0, 2);
  square.recurrent_kernel = square.recurrent_kernel.slice(0, 0, 2);
  ConvLSTMCellOptions one = options();
  one.kernel_size = {2};
  one.strides = {2};
  ConvLSTMCellOptions two = options();
  two.kernel_size = {2, 2};
  two.strides = {2, 2};
  EXPECT_TRUE(identical(ConvLSTM2D(one, square, kSequences)(images(5, 4)).output.leaf(),
                        ConvLSTM2D(two, square, kSequences)(images(5, 4)).output.leaf()));
}

TEST(ConvLstm, NamesWhatDoesNotFit) {
  const auto make = [](void (*change)(ConvLSTMCellOptions&), RecurrentWeights given) {
    ConvLSTMCellOptions changed = options();
    change(changed);
    (void)ConvLSTM2D(changed, std::move(given));
  };
  const auto nothing = [](ConvLSTMCellOptions&) {};
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.filters = 3; }, weights()); }, {"kernel", "(3, 2, 3, 12)"});
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.filters = 0; }, weights()); }, {"filters", "0"});
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.kernel_size = {}; }, weights()); },
               {"kernel_size", "0 numbers"});
  expect_words(
      [&] {
        make([](ConvLSTMCellOptions& o) { o.strides = {1, 2, 3}; }, weights());
      },
      {"strides", "3 numbers"});
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.strides = {0}; }, weights()); },
               {"strides", "0", "1 or more"});
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.strides = o.dilation_rate = {2}; }, weights()); },
               {"dilation_rate", "strides"});
  expect_words([&] { make([](ConvLSTMCellOptions& o) { o.use_bias = false; }, weights()); }, {"bias", "none"});
  expect_words([&] { make(nothing, {}); }, {"kernel", "none"});
  RecurrentWeights mixed = weights();
  mixed.recurrent_kernel = mixed.recurrent_kernel.to(DType::f64);
  expect_words([&] { make(nothing, mixed); }, {"recurrent_kernel", "f64"});
  expect_words([] { (void)ConvLSTM1D({.filters = F, .kernel_size = {3, 2}}, weights()); }, {"2 spatial axes", "1"});

  ConvLSTM2D layer(options(), weights(), kSequences);
  const auto call = [&](const Shape& shape) { layer(Tensor::zeros(shape, DType::f32)); };
  expect_words([&] { call({2, 4, 5, 4, C + 1}); }, {"inputs", "3 channels"});
  expect_words([&] { call({2, 4, 5, C}); }, {"inputs", "2 spatial axes"});
  expect_words([&] { call({2, 4, 2, 4, C}); }, {"at least 3"});
  expect_words([&] { layer(Tensor::zeros({2, 4, 5, 4, C}, DType::f64)); }, {"f64", "f32"});
  RNN stack({std::make_shared<ConvLSTMCell>(ConvLSTMCellOptions{.filters = F, .kernel_size = {3, 2}}, weights()),
             std::make_shared<ConvLSTMCell>(ConvLSTMCellOptions{.filters = F, .kernel_size = {3, 2}}, weights())});
  expect_words([&] { stack(images(5, 4)); }, {"state_size", "before"});
}

TEST(ConvLstm, StatesAreResetToOnesOfTheirShape) {
  ConvLSTM2D layer(options(), weights(), {.stateful = true});
  const auto states = [](std::int64_t rows) {
    const Tensor state = Tensor::full({2, rows, 3, F}, 0.5, DType::f32);
    return States{state, state};
  };
  expect_words([&] { layer.reset_states(states(3)); }, {"state_size", "before"});
  const Tensor from_zeros = layer(images(5, 4)).output.leaf();
  layer.reset_states(states(3));
  EXPECT_FALSE(identical(layer(images(5, 4)).output.leaf(), from_zeros));
  expect_words([&] { layer.reset_states(states(4)); }, {"states[0]"});
  layer.reset_states();
  EXPECT_TRUE(identical(layer(images(5, 4)).output.leaf(), from_zeros));
}

}  // namespace
}  // namespace rondo
