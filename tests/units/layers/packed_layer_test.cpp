// Layers over packed inputs: equal to the same layers over padded inputs with lengths.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/keras/bidirectional.h"
#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 3;
constexpr std::int64_t B = 3;
constexpr std::int64_t I = 2;
constexpr std::int64_t H = 4;
constexpr std::int64_t N = 6;

/// Rows of 1, 3 and 2 steps, padded and packed.
struct PackedLayers : ::testing::Test {
  Random random{9};
  Tensor padded = random.tensor({B, T, I}, 1.0);
  Tensor marks = Tensor::from<bool>({true, false, false, false, true, false, true, true, false}, {B, T});
  Tensor initial = random.tensor({B, H}, 1.0);
  CallOptions by_length{.lengths = Tensor::from<std::int32_t>({1, 3, 2}, {B})};
  CallOptions by_size{.batch_sizes = Tensor::from<std::int64_t>({3, 2, 1}, {T}),
                      .row_indices = Tensor::from<std::int64_t>({1, 2, 0}, {B})};

  std::shared_ptr<Cell> cell(std::int64_t width = I) {
    return std::make_shared<GRUCell>(
        GRUCellOptions{.units = H, .use_bias = false},
        RecurrentWeights{random.tensor({width, 3 * H}, 1.0), random.tensor({H, 3 * H}, 0.4)});
  }

  /// The steps of a padded (B, T, ...) in the order of the packed batch.
  static Tensor packed(const Tensor& sequence) {
    std::vector<Tensor> rows;
    for (const auto& [b, t] : {std::pair{1, 0}, {2, 0}, {0, 0}, {1, 1}, {2, 1}, {1, 2}}) {
      rows.push_back(sequence.select(0, b).slice(0, t, t + 1));
    }
    return concat(rows, 0);
  }

  /// Calls a layer both ways. With `sequences` the outputs are sequences.
  template <typename Layer>
  void expect_equal(Layer& layer, bool sequences) {
    for (const bool resets : {false, true}) {
      if (resets) {
        by_length.resets = marks;
        by_size.resets = packed(marks.insert_axis(2)).erase_axis(1);
      }
      const LayerResult expected = layer(padded, by_length);
      const LayerResult actual = layer(packed(padded), by_size);
      const Tensor output = sequences ? packed(expected.output.leaf()) : expected.output.leaf();
      EXPECT_TRUE(identical(actual.output.leaf(), output));
      ASSERT_EQ(actual.states.size(), expected.states.size());
      for (std::size_t k = 0; k < actual.states.size(); ++k) {
        EXPECT_TRUE(identical(actual.states[k].leaf(), expected.states[k].leaf()));
      }
    }
  }
};

TEST_F(PackedLayers, ALayerEqualsThePaddedOne) {
  by_length.initial_state = by_size.initial_state = {initial};
  for (const bool sequences : {false, true}) {
    RNN layer(cell(), {.return_sequences = sequences, .return_state = true});
    expect_equal(layer, sequences);
  }
}

TEST_F(PackedLayers, AStackEqualsThePaddedOne) {
  RNN stack({cell(), cell(H)}, {.return_sequences = true, .return_state = true, .time_major = false});
  expect_equal(stack, true);
}

TEST_F(PackedLayers, BothDirectionsEqualThePaddedOnes) {
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum}) {
    Bidirectional both(RNN(cell(), {.return_sequences = true, .return_state = true}),
                       RNN(cell(), {.return_sequences = true, .return_state = true, .go_backwards = true}), mode);
    expect_equal(both, true);
  }
}

struct BadCall {
  std::vector<std::string> words;
  std::function<void(CallOptions&, Tensor&)> spoil;
};

TEST_F(PackedLayers, NamesWhatDoesNotFit) {
  RNN layer(cell());
  const BadCall table[] = {
      {{"inputs: got f32(3, 3, 2)", "rank 2: packed (N, I)"}, [&](auto&, Tensor& x) { x = padded; }},
      {{"mask: got bool", "as the inputs are packed"}, [&](CallOptions& call, Tensor&) { call.mask = marks; }},
      {{"lengths: got i32", "as the inputs are packed"},
       [&](CallOptions& call, Tensor&) { call.lengths = by_length.lengths; }},
      {{"batch_sizes: got f32(3,)", "i32 or i64"},
       [](CallOptions& call, Tensor&) { call.batch_sizes = call.batch_sizes->to(DType::f32); }},
      {{"batch_sizes: got a sum of 7", "6, the rows of x"},
       [](CallOptions& call, Tensor&) {
         call.batch_sizes = Tensor::from<std::int64_t>({3, 3, 1}, {T});
       }},
      {{"row_indices: got some", "not packed"},
       [&](CallOptions& call, Tensor& x) {
         call.batch_sizes.reset();
         x = padded;
       }},
      {{"resets: got bool(3, 3)", "(6,)"}, [&](CallOptions& call, Tensor&) { call.resets = marks; }},
  };
  for (const BadCall& bad : table) {
    SCOPED_TRACE(bad.words[0]);
    CallOptions call = by_size;
    Tensor x = packed(padded);
    bad.spoil(call, x);
    expect_words<ValueError>([&] { (void)layer(x, call); }, bad.words);
  }
  RNN hidden(std::make_shared<Hidden>(cell()));
  expect_words<ValueError>([&] { (void)hidden(packed(padded), by_size); }, {"batch_sizes: got packed inputs"});
}

}  // namespace
}  // namespace rondo::test
