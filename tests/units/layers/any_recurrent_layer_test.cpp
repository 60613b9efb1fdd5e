// TimeDistributed against its layer run step by step, and the layer of any class.

#include "rondo/keras/any_recurrent_layer.h"

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t B = 2, T = 3, S = 5, I = 3, H = 4;

LSTM lstm(const RNNOptions& options, std::uint64_t seed = 1) {
  Random random(seed);
  return {{.units = H},
          {random.tensor({I, 4 * H}, 0.5), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)},
          options};
}

Bidirectional both(const RNNOptions& options, MergeMode mode = MergeMode::concat) {
  RNNOptions backward = options;
  backward.go_backwards = !options.go_backwards;
  return {lstm(options), lstm(backward, 2), mode};
}

Tensor sequence() { return Random(3).tensor({B, T, S, I}, 1.0); }

Tensor mask() {
  std::vector<bool> live;
  for (int k = 0; k < B * T * S; ++k) live.push_back(k % 7 != 3);
  const Tensor result = Tensor::empty({B, T, S}, DType::boolean);
  for (int k = 0; k < B * T * S; ++k) result.data<bool>()[k] = live[static_cast<std::size_t>(k)];
  return result;
}

/// Expects of each outer step what the layer gives for it alone.
void expect_steps(AnyRecurrentLayer layer, const CallOptions& call) {
  const Tensor x = sequence();
  const LayerResult whole = TimeDistributed(layer)(x, call);
  for (std::int64_t t = 0; t < T; ++t) {
    CallOptions step = call;
    if (call.mask) step.mask = call.mask->select(1, t);
    if (call.lengths) step.lengths = call.lengths->select(1, t);
    if (call.resets) step.resets = call.resets->select(1, t);
    const LayerResult one = layer(x.select(1, t), step);
    const std::vector<Tensor> outputs = one.output.flatten();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      EXPECT_TRUE(close(whole.output.flatten().at(k).select(1, static_cast<int>(t)), outputs[k], 1e-6));
    }
    ASSERT_EQ(whole.states.size(), one.states.size());
    for (std::size_t k = 0; k < one.states.size(); ++k) {
      EXPECT_TRUE(close(whole.states[k].leaf().select(1, static_cast<int>(t)), one.states[k].leaf(), 1e-6));
    }
  }
}

TEST(TimeDistributedTest, RunsItsLayerForEachStep) {
  for (const bool sequences : {false, true}) {
    const RNNOptions options{.return_sequences = sequences, .return_state = true};
    for (const AnyRecurrentLayer& layer : {AnyRecurrentLayer(lstm(options)), AnyRecurrentLayer(both(options)),
                                           AnyRecurrentLayer(both(options, MergeMode::none))}) {
      expect_steps(layer, {});
      expect_steps(layer, {.mask = mask()});
      expect_steps(layer, {.lengths = Tensor::from<std::int32_t>({5, 0, 3, 1, 2, 4}, {B, T})});
      expect_steps(layer, {.resets = mask()});
    }
  }
}

TEST(TimeDistributedTest, MayStandInAnother) {
  const Tensor x = Random(4).tensor({2, B, T, S, I}, 1.0);
  TimeDistributed inner{lstm({})};
  TimeDistributed outer{AnyRecurrentLayer(inner)};  // inner alone would be copied
  const Tensor y = outer(x).output;
  EXPECT_EQ(y.shape(), (Shape{2, B, T, H}));
  EXPECT_TRUE(
      close(y.select(0, 1).select(0, 1), outer(x.slice(0, 1, 2)).output.leaf().select(0, 0).select(0, 1), 1e-6));
}

TEST(TimeDistributedTest, RefusesWhatItsStepsDoNotHave) {
  expect_words([] { TimeDistributed{lstm({.stateful = true})}; }, {"stateful", "begin anew"});
  expect_words([] { TimeDistributed{lstm({.time_major = true})}; }, {"time_major"});
  const auto refused = [](const CallOptions& call, const std::vector<std::string>& words) {
    TimeDistributed layer{lstm({})};
    expect_words([&] { static_cast<void>(layer(sequence(), call)); }, words);
  };
  const Tensor state = Tensor::zeros({B, H}, DType::f32);
  refused({.initial_state = {state, state}}, {"initial_state", "TimeDistributed"});
  refused({.reset_state = {state, state}}, {"reset_state"});
  refused({.constants = {state}}, {"constants"});
  refused({.gradients = true}, {"gradients"});
  refused({.mask = Tensor::zeros({B, S}, DType::boolean)}, {"mask", "(2, 3)"});
  refused({.lengths = Tensor::zeros({B}, DType::i32)}, {"lengths", "(2, 3)"});
  TimeDistributed layer{lstm({})};
  expect_words([&] { static_cast<void>(layer(Tensor::zeros({B, S, I}, DType::f32))); }, {"inputs", "(B, T, S, ...)"});
}

TEST(AnyRecurrentLayerTest, IsTheLayerOfItsClass) {
  const AnyRecurrentLayer one = lstm({.return_sequences = true, .stateful = true});
  EXPECT_NE(one.rnn(), nullptr);
  EXPECT_EQ(one.bidirectional(), nullptr);
  EXPECT_EQ(one.time_distributed(), nullptr);
  EXPECT_TRUE(one.returns_sequences() && one.is_stateful() && !one.is_time_major());
  AnyRecurrentLayer two = both({.time_major = true});
  EXPECT_NE(two.bidirectional(), nullptr);
  EXPECT_TRUE(two.is_time_major());
  AnyRecurrentLayer three = TimeDistributed(lstm({}));
  EXPECT_NE(three.time_distributed(), nullptr);
  three.reload_weights();
  two.reload_weights();
  EXPECT_FALSE(three.finish().stalled || two.finish().stalled);
  EXPECT_THROW(three.reset_states(), AttributeError);
}

TEST(AnyRecurrentLayerTest, ACopyIsTheSameLayer) {
  AnyRecurrentLayer layer = lstm({.stateful = true});
  AnyRecurrentLayer copy = layer;
  const Tensor x = sequence().select(1, 0);
  const Tensor first = layer(x).output.leaf().clone();
  const Tensor second = copy(x).output.leaf().clone();
  EXPECT_FALSE(close(first, second, 1e-6));
  copy.reset_states();
  EXPECT_TRUE(identical(layer(x).output.leaf(), first));
}

}  // namespace
}  // namespace rondo::test
