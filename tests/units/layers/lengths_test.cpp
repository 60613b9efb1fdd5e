// The lengths of a call, which act like a mask.

#include <gtest/gtest.h>

#include "rondo/keras/bidirectional.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::expect_words;
using test::identical;
using test::Random;

constexpr std::int64_t B = 3;
constexpr std::int64_t T = 5;
constexpr std::int64_t I = 2;
constexpr std::int64_t H = 4;

RecurrentWeights weights() {
  Random random(5);
  return {random.tensor({I, 4 * H}, 0.5), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)};
}

TEST(Lengths, AreTheMaskThatIsTrueUpToThem) {
  const Tensor lengths = Tensor::from<std::int32_t>({5, 0, 2}, {B});
  for (const bool time_major : {false, true}) {
    const RNNOptions options{.return_sequences = true, .time_major = time_major};
    const Tensor x = Random(6).tensor(time_major ? Shape{T, B, I} : Shape{B, T, I}, 1.0);
    const Tensor mask = sequence_mask(lengths, T);
    const CallOptions masked{.mask = time_major ? mask.swap_axes(0, 1) : mask};
    const CallOptions given{.lengths = lengths.to(DType::i64)};
    LSTM layer({.units = H}, weights(), options);
    EXPECT_TRUE(identical(layer(x, given).output.leaf(), layer(x, masked).output.leaf()));
    Bidirectional both(layer, {weights()});
    EXPECT_TRUE(identical(both(x, given).output.leaf(), both(x, masked).output.leaf()));
  }
}

TEST(Lengths, AreTheMaskInBothDirectionsOfAnyCells) {
  const Tensor lengths = Tensor::from<std::int32_t>({5, 0, 2}, {B});
  const Tensor x = Random(6).tensor({B, T, I}, 1.0);
  const auto known = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, weights());
  const auto hidden = std::make_shared<test::Hidden>(known);
  for (const std::shared_ptr<Cell>& cell : {std::shared_ptr<Cell>(known), std::shared_ptr<Cell>(hidden)}) {
    for (const bool sequences : {false, true}) {
      for (const bool backwards : {false, true}) {
        const RNN layer(cell, {.return_sequences = sequences, .return_state = true, .go_backwards = backwards});
        RNNOptions other_way = layer.options();
        other_way.go_backwards = !backwards;
        Bidirectional both(layer, layer.with_options(other_way));
        const LayerResult given = both(x, {.lengths = lengths});
        const LayerResult masked = both(x, {.mask = sequence_mask(lengths, T)});
        EXPECT_TRUE(identical(given.output.leaf(), masked.output.leaf()));
        for (std::size_t k = 0; k < 4; ++k) EXPECT_TRUE(identical(given.states[k].leaf(), masked.states[k].leaf()));
      }
    }
  }
}

TEST(Lengths, ReachThePlan) {
  const LSTM layer({.units = H}, weights());
  const RecurrenceSpec spec = layer.plans({.B = B, .T = T, .has_lengths = true}).front().spec();
  EXPECT_TRUE(spec.has_lengths);
  EXPECT_FALSE(spec.has_mask);
}

TEST(Lengths, NameWhatDoesNotFit) {
  LSTM layer({.units = H}, weights());
  const Tensor x = Random(6).tensor({B, T, I}, 1.0);
  const auto call = [&](const Tensor& lengths) { layer(x, {.lengths = lengths}); };
  expect_words([&] { call(Tensor::from<std::int32_t>({1, 2, 6}, {B})); }, {"lengths", "6", "T = 5"});
  expect_words([&] { call(Tensor::from<std::int32_t>({1, -1, 5}, {B})); }, {"lengths", "-1"});
  expect_words([&] { call(Tensor::from<std::int32_t>({1, 2}, {2})); }, {"lengths", "(3,)"});
  expect_words([&] { call(Tensor::from<float>({1, 2, 3}, {B})); }, {"lengths", "i32 or i64"});
  const Tensor lengths = Tensor::from<std::int32_t>({1, 2, 3}, {B});
  expect_words([&] { layer(x, {.mask = sequence_mask(lengths, T), .lengths = lengths}); }, {"lengths", "mask"});
}

}  // namespace
}  // namespace rondo
