// Bidirectional against its two layers run separately, on the planned path and on the step loop.

#include "rondo/keras/bidirectional.h"

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo::test {
namespace {

RecurrentWeights lstm_weights(Random& random, std::int64_t I, std::int64_t H) {
  return {random.tensor({I, 4 * H}, 0.5), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)};
}

/// The cells and options of both layers, and a call.
struct Case {
  RNNOptions options;
  std::shared_ptr<Cell> forward;
  std::shared_ptr<Cell> backward;
  Tensor x;
  CallOptions call;
};

Case random_case(Random& random) {
  const std::int64_t T = random.integer(1, 6);
  const std::int64_t B = random.integer(1, 4);
  const std::int64_t H = random.integer(1, 5);
  const std::int64_t I = random.integer(1, 3);
  Case drawn;
  drawn.options = {.return_sequences = random.coin(),
                   .return_state = true,
                   .go_backwards = random.coin(0.25),
                   .time_major = random.coin(),
                   .zero_output_for_mask = random.coin()};
  const std::int64_t P = random.coin() ? H : random.integer(1, 5);  // the width of a projection
  const auto cell = [&]() -> std::shared_ptr<Cell> {
    RecurrentWeights weights = lstm_weights(random, I, H);
    if (P == H) return std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, weights);
    weights.recurrent_kernel = random.tensor({P, 4 * H}, 0.5);
    weights.projection = random.tensor({H, P}, 0.5);
    return std::make_shared<KnownCell>(CellSpec{.units = H, .projection_units = P}, weights);
  };
  drawn.forward = cell();
  drawn.backward = cell();
  const bool time_major = drawn.options.time_major;
  drawn.x = random.tensor(time_major ? Shape{T, B, I} : Shape{B, T, I}, 1.0);
  if (random.coin()) {
    const Tensor mask = random.tensor(time_major ? Shape{T, B} : Shape{B, T}, 1.0);
    drawn.call.mask = relu(mask).to(DType::boolean);
  }
  if (random.coin()) {
    for (const std::int64_t units : {P, H, P, H}) drawn.call.initial_state.push_back(random.tensor({B, units}, 1.0));
  }
  return drawn;
}

Tensor turned(const Tensor& x, int axis) {
  std::vector<Tensor> steps;
  for (std::int64_t t = x.size(axis) - 1; t >= 0; --t) steps.push_back(x.slice(axis, t, t + 1));
  return concat(steps, axis);
}

/// The result of the two layers, run separately.
LayerResult by_hand(const Case& drawn) {
  RNNOptions options = drawn.options;
  options.zero_output_for_mask = options.return_sequences;
  CallOptions call = drawn.call;
  const auto half = static_cast<std::ptrdiff_t>(drawn.call.initial_state.size() / 2);
  call.initial_state.assign(drawn.call.initial_state.begin(), drawn.call.initial_state.begin() + half);
  LayerResult result = RNN(std::make_shared<Hidden>(drawn.forward), options)(drawn.x, call);
  call.initial_state.assign(drawn.call.initial_state.begin() + half, drawn.call.initial_state.end());
  options.go_backwards = !options.go_backwards;
  const LayerResult backward = RNN(std::make_shared<Hidden>(drawn.backward), options)(drawn.x, call);
  Tensor other = backward.output.leaf();
  if (options.return_sequences) other = turned(other, options.time_major ? 0 : 1);
  result.output = Nest::tuple({result.output, other});
  result.states.insert(result.states.end(), backward.states.begin(), backward.states.end());
  return result;
}

RNNOptions other_way(RNNOptions options) {
  options.go_backwards = !options.go_backwards;
  return options;
}

Bidirectional layer_of(const Case& drawn, MergeMode mode) {
  return {RNN(drawn.forward, drawn.options), RNN(drawn.backward, other_way(drawn.options)), mode};
}

void expect_equal(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.shape(), expected.shape());
  EXPECT_TRUE(close(actual, expected, 1e-5));
}

TEST(Bidirectional, IsItsTwoLayers) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Case drawn = random_case(random);
    const LayerResult expected = by_hand(drawn);
    const LayerResult actual = layer_of(drawn, MergeMode::none)(drawn.x, drawn.call);
    for (std::size_t k = 0; k < 2; ++k) {
      expect_equal(actual.output.children()[k].leaf(), expected.output.children()[k].leaf());
    }
    ASSERT_EQ(actual.states.size(), 4U);
    for (std::size_t k = 0; k < 4; ++k) expect_equal(actual.states[k].leaf(), expected.states[k].leaf());

    Case hidden = drawn;
    hidden.forward = std::make_shared<Hidden>(drawn.forward);
    hidden.backward = std::make_shared<Hidden>(drawn.backward);
    const LayerResult looped = layer_of(hidden, MergeMode::concat)(drawn.x, drawn.call);
    expect_equal(looped.output.leaf(), layer_of(drawn, MergeMode::concat)(drawn.x, drawn.call).output.leaf());
  }
}

TEST(Bidirectional, MergesOutputs) {
  Random random(1);
  Case drawn = random_case(random);
  const std::vector<Nest> parts = by_hand(drawn).output.children();
  const Tensor forward = parts[0].leaf();
  const Tensor backward = parts[1].leaf();
  const auto merged = [&](MergeMode mode) { return layer_of(drawn, mode)(drawn.x, drawn.call).output.leaf(); };
  expect_equal(merged(MergeMode::concat), concat({forward, backward}));
  expect_equal(merged(MergeMode::sum), add(forward, backward));
  expect_equal(merged(MergeMode::mul), mul(forward, backward));
  expect_equal(merged(MergeMode::ave), mul(add(forward, backward), 0.5));
}

/// The backward layer is made from a layer, or a stack, and other weights.
TEST(Bidirectional, TurnsALayerAround) {
  Random random(2);
  const RecurrentWeights below = lstm_weights(random, 3, 4);
  const RecurrentWeights above = lstm_weights(random, 4, 2);
  const RecurrentWeights other_below = lstm_weights(random, 3, 4);
  const RecurrentWeights other_above = lstm_weights(random, 4, 2);
  const auto stack = [](const RecurrentWeights& first, const RecurrentWeights& second) {
    return std::make_shared<StackedRNNCells>(
        std::vector<std::shared_ptr<Cell>>{std::make_shared<LSTMCell>(LSTMCellOptions{.units = 4}, first),
                                           std::make_shared<LSTMCell>(LSTMCellOptions{.units = 2}, second)});
  };
  Case drawn{.options = {.return_sequences = true},
             .forward = stack(below, above),
             .backward = stack(other_below, other_above),
             .x = random.tensor({2, 5, 3}, 1.0),
             .call = {}};
  Bidirectional layer(RNN(drawn.forward, drawn.options), {other_below, other_above});
  const std::vector<Nest> parts = by_hand(drawn).output.children();
  const LayerResult result = layer(drawn.x);
  expect_equal(result.output.leaf(), concat({parts[0].leaf(), parts[1].leaf()}));
  EXPECT_TRUE(result.states.empty());

  LSTM single({.units = 4}, below);
  EXPECT_EQ(Bidirectional(single, {other_below})(drawn.x).output.leaf().shape(), (Shape{2, 8}));
}

TEST(Bidirectional, KeepsStatesBetweenCalls) {
  Random random(3);
  Case drawn = random_case(random);
  drawn.call = {};
  drawn.options.stateful = true;
  Bidirectional layer = layer_of(drawn, MergeMode::concat);
  const Tensor first = layer(drawn.x).output.leaf().clone();
  EXPECT_FALSE(identical(layer(drawn.x).output.leaf(), first));
  layer.reset_states();
  EXPECT_TRUE(identical(layer(drawn.x).output.leaf(), first));
}

/// An LSTM has two states and a GRU has one, so no number of states can be halved between them.
TEST(Bidirectional, TakesNoInitialStateForUnlikeNumbersOfStates) {
  const Tensor x = Tensor::full({2, 5, 3}, 1.0, DType::f32);
  const Tensor state = Tensor::zeros({2, 4}, DType::f32);
  Random random(5);
  const auto lstm = std::make_shared<LSTMCell>(LSTMCellOptions{.units = 4}, lstm_weights(random, 3, 4));
  const auto gru = std::make_shared<GRUCell>(
      GRUCellOptions{.units = 4},
      RecurrentWeights{random.tensor({3, 12}, 0.5), random.tensor({4, 12}, 0.5), random.tensor({2, 12}, 0.5)});
  for (const bool stateful : {false, true}) {  // false: as one network; true: one layer after the other
    const RNNOptions options{.return_state = true, .stateful = stateful};
    Bidirectional layer(RNN(lstm, options), RNN(gru, other_way(options)));
    EXPECT_EQ(layer(x).states.size(), 3U);
    const LayerResult next = layer(x);
    expect_words([&] { layer(x, {.initial_state = {state, state, state}}); }, {"initial_state: got 3 states", "even"});
    expect_words(
        [&] {
          layer(x, {.initial_state = {state, state, state, state}});
        },
        {"backward layer, initial_state: got 2 states, expected 1"});
    expect_words(
        [&] {
          layer(x, {.initial_state = {state, state}});
        },
        {"forward layer, initial_state: got 1 states, expected 2"});
    if (!stateful) continue;
    EXPECT_TRUE(identical(layer.forward_layer().states()[0], next.states[0])) << "a call that failed has kept states";
  }
}

TEST(Bidirectional, NamesWhatDoesNotFit) {
  Random random(4);
  Case drawn = random_case(random);
  const auto with = [&](RNNOptions options) {
    return Bidirectional(RNN(drawn.forward, drawn.options), RNN(drawn.backward, options));
  };
  expect_words<ValueError>([&] { (void)with(drawn.options); }, {"go_backwards", "opposite"});
  for (const auto& [member, name] :
       {std::pair{&RNNOptions::return_sequences, "return_sequences"},
        std::pair{&RNNOptions::return_state, "return_state"}, std::pair{&RNNOptions::stateful, "stateful"},
        std::pair{&RNNOptions::time_major, "time_major"}}) {
    RNNOptions options = other_way(drawn.options);
    options.*member = !(options.*member);
    expect_words<ValueError>([&] { (void)with(options); }, {name});
  }
  expect_words<ValueError>([&] { Bidirectional(RNN(drawn.forward, drawn.options), {}); },
                           {"backward_weights", "0 of them", "1"});
  expect_words<ValueError>([&] { Bidirectional(RNN(std::make_shared<Hidden>(drawn.forward)), {}); },
                           {"layer", "known cells"});
  Bidirectional layer = layer_of(drawn, MergeMode::sum);
  CallOptions odd;
  odd.initial_state = {drawn.x, drawn.x, drawn.x};
  expect_words<ValueError>([&] { (void)layer(drawn.x, odd); }, {"initial_state", "3", "even"});
  odd.initial_state.pop_back();
  expect_words<ValueError>([&] { (void)layer(drawn.x, odd); }, {"forward layer, initial_state: got 1 states", "2"});
  drawn.backward = std::make_shared<LSTMCell>(LSTMCellOptions{.units = 9}, lstm_weights(random, drawn.x.size(2), 9));
  Bidirectional uneven = layer_of(drawn, MergeMode::sum);
  expect_words<ValueError>([&] { (void)uneven(drawn.x); }, {"backward layer", "merge_mode sum"});
}

}  // namespace
}  // namespace rondo::test
