// Layers and rnn() on a CUDA device give the CPU's numbers: planned and step by step, with and without unrolling.

#include <gtest/gtest.h>

#include "rondo/keras/rnn.h"
#include "rondo/ops/ops.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/minimal_cell.h"
#include "support/random_layer.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

TEST(LayerParity, RandomLayersEqualTheCpu) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomLayer layer(random);
    const RandomLayer moved = layer.on(device_under_test());
    const std::vector<Tensor> expected = results_of(layer.run(layer.known));
    const double bound = layer.tolerance() * layer.scale(expected);
    for (const auto* cells : {&moved.known, &moved.hidden}) {
      const std::vector<Tensor> actual = results_of(moved.run(*cells));
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t k = 0; k < actual.size(); ++k) {
        EXPECT_EQ(actual[k].device(), device_under_test());
        EXPECT_TRUE(within(actual[k], expected[k], bound)) << "in result " << k << ", the last is the output";
      }
    }
  });
}

/// The step h' = tanh(x W + h U + constant), which counts its calls.
struct CountedStep {
  Tensor kernel;
  Tensor recurrent_kernel;
  std::shared_ptr<int> calls = std::make_shared<int>(0);

  StepResult operator()(const Nest& x, const States& states, const Constants& constants) const {
    ++*calls;
    const Tensor h = tanh(add(add(dot(x, kernel), dot(states[0], recurrent_kernel)), constants[0]));
    return {h, {h}};
  }
};

/// The arguments of one call.
struct Call {
  Tensor x;
  Tensor h;
  Tensor constant;
  Tensor mask;

  Call(std::uint64_t seed, std::int64_t T) {
    Random random(seed);
    x = random.tensor({2, T, 3}, 1.0);
    h = random.tensor({2, 4}, 1.0);
    constant = random.tensor({2, 4}, 1.0);
    mask = Tensor::empty({2, T}, DType::boolean);
    for (std::int64_t i = 0; i < mask.numel(); ++i) mask.data<bool>()[i] = random.coin(0.7);
  }

  RnnResult run(const CountedStep& step, Device device, const RnnOptions& options) const {
    RnnOptions all = options;
    all.mask = mask.to(device);
    all.constants = {constant.to(device)};
    return rnn(step, x.to(device), {h.to(device)}, all);
  }
};

void expect_equal(const RnnResult& actual, const RnnResult& expected) {
  EXPECT_TRUE(close(actual.last_output.leaf(), expected.last_output.leaf(), 1e-5));
  EXPECT_TRUE(close(actual.outputs.leaf(), expected.outputs.leaf(), 1e-5));
  EXPECT_TRUE(close(actual.new_states[0].leaf(), expected.new_states[0].leaf(), 1e-5));
}

TEST(UnrollParity, AGraphServesOtherInputsStatesConstantsAndMasks) {
  Random random(1);
  const Device device = device_under_test();
  const CountedStep on_cpu{random.tensor({3, 4}, 1.0), random.tensor({4, 4}, 0.5)};
  const CountedStep step{on_cpu.kernel.to(device), on_cpu.recurrent_kernel.to(device)};
  const RnnOptions options{.unroll = true, .graphs = std::make_shared<StepGraphs>()};
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Call call(seed, 5);
    expect_equal(call.run(step, device, options), call.run(on_cpu, cpu(), {}));
    EXPECT_EQ(*step.calls, 5) << "the steps are recorded once";
  }
  // Other sizes and options need further graphs.
  const Call longer(9, 7);
  expect_equal(longer.run(step, device, options), longer.run(on_cpu, cpu(), {}));
  EXPECT_EQ(*step.calls, 12);
  RnnOptions backwards = options;
  backwards.go_backwards = true;
  expect_equal(longer.run(step, device, backwards), longer.run(on_cpu, cpu(), {.go_backwards = true}));
  EXPECT_EQ(*step.calls, 19);
  expect_equal(longer.run(step, device, options), longer.run(on_cpu, cpu(), {}));
  EXPECT_EQ(*step.calls, 19);
}

TEST(UnrollParity, WithoutAPlaceForGraphsEveryCallRecords) {
  Random random(1);
  const Device device = device_under_test();
  const CountedStep on_cpu{random.tensor({3, 4}, 1.0), random.tensor({4, 4}, 0.5)};
  const CountedStep step{on_cpu.kernel.to(device), on_cpu.recurrent_kernel.to(device)};
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const Call call(seed, 5);
    expect_equal(call.run(step, device, {.unroll = true}), call.run(on_cpu, cpu(), {}));
  }
  EXPECT_EQ(*step.calls, 10);
}

TEST(UnrollParity, ResultsOfACallAreNotWrittenByTheNext) {
  Random random(1);
  const Device device = device_under_test();
  const CountedStep step{random.tensor({3, 4}, 1.0).to(device), random.tensor({4, 4}, 0.5).to(device)};
  const RnnOptions options{.unroll = true, .graphs = std::make_shared<StepGraphs>()};
  const RnnResult first = Call(1, 5).run(step, device, options);
  const Tensor before = first.outputs.leaf().to(cpu());
  (void)Call(2, 5).run(step, device, options);
  EXPECT_TRUE(identical(first.outputs.leaf().to(cpu()), before));
}

TEST(UnrollParity, AStepThatReadsTheDeviceIsToldSo) {
  const Device device = device_under_test();
  const StepFunction reads = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    (void)x.leaf().to_vector<float>();
    return {states[0], states};
  };
  const Tensor x = Tensor::zeros({2, 3, 4}, DType::f32, device);
  const States states{Tensor::zeros({2, 4}, DType::f32, device)};
  expect_words<RuntimeError>([&] { rnn(reads, x, states, {.unroll = true}); }, {"to cpu", "cannot be recorded"});
  (void)rnn(reads, x, states, {.unroll = false});  // the failed recording has ended
}

TEST(UnrollParity, LayersOfUnknownCellsReplay) {
  class Counted final : public MinimalRNNCell {
   public:
    using MinimalRNNCell::MinimalRNNCell;
    StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
      ++calls;
      return MinimalRNNCell::call(inputs, states, context);
    }
    int calls = 0;
  };
  Random random(3);
  const Device device = device_under_test();
  const Tensor kernel = random.tensor({3, 4}, 1.0);
  const Tensor recurrent_kernel = random.tensor({4, 4}, 0.5);
  const auto cell = std::make_shared<Counted>(kernel.to(device), recurrent_kernel.to(device));
  RNN unrolled(cell, {.return_sequences = true, .unroll = true});
  RNN on_cpu(std::make_shared<MinimalRNNCell>(kernel, recurrent_kernel), {.return_sequences = true});
  for (int call = 0; call < 3; ++call) {
    const Tensor x = random.tensor({2, 6, 3}, 1.0);
    EXPECT_TRUE(close(unrolled(x.to(device)).output.leaf(), on_cpu(x).output.leaf(), 1e-5));
  }
  EXPECT_EQ(cell->calls, 6);
  const Tensor x = random.tensor({2, 6, 3}, 1.0).to(device);
  (void)unrolled(x, {.training = true});
  (void)unrolled(x, {.training = true});
  EXPECT_EQ(cell->calls, 18) << "in training a cell may do another thing at every call";
}

/// A recorded graph has the kernels of one executor.
TEST(UnrollParity, AGraphIsNotReplayedForAnotherExecutor) {
  Random random(3);
  const Device device = device_under_test();
  const auto unknown =
      std::make_shared<MinimalRNNCell>(random.tensor({3, 4}, 1.0).to(device), random.tensor({4, 4}, 0.5).to(device));
  const RecurrentWeights weights{random.tensor({4, 5}, 1.0), random.tensor({5, 5}, 0.5), random.tensor({5}, 0.5)};
  const auto known = std::make_shared<SimpleRNNCell>(SimpleRNNCellOptions{.units = 5}, weights.to(device));
  RNN layer({unknown, known}, {.unroll = true});
  const Tensor x = random.tensor({2, 6, 3}, 1.0).to(device);
  const Tensor expected = layer(x).output.leaf();
  EXPECT_TRUE(close(layer(x, {.plan = {.executor = "cuda_stepwise"}}).output.leaf(), expected, 1e-5));
  expect_words([&] { layer(x, {.plan = {.executor = "nobody"}}); }, {"executor: got 'nobody'"});
}

TEST(LayerParity, ATensorOnAnotherDeviceIsNamed) {
  Random random(3);
  const Device device = device_under_test();
  const std::string name = to_string(device);
  LSTM lstm(
      {.units = 4},
      RecurrentWeights{random.tensor({3, 16}, 1.0), random.tensor({4, 16}, 1.0), random.tensor({16}, 1.0)}.to(device));
  const Tensor x = random.tensor({2, 6, 3}, 1.0);
  expect_words([&] { lstm(x); }, {"inputs", "on cpu", name});
  expect_words(
      [&] {
        lstm(x.to(device), {.mask = Tensor::full({2, 6}, 1.0, DType::boolean)});
      },
      {"mask", "on cpu", name});
  const States states{random.tensor({2, 4}, 1.0), random.tensor({2, 4}, 1.0)};
  expect_words([&] { lstm(x.to(device), {.initial_state = states}); }, {"initial_state[0]", "on cpu", name});
  expect_words([&] { (void)add(x, x.to(device)); }, {"b of add", name, "on cpu"});
  const StepFunction step = [](const Nest&, const States& s, const Constants&) -> StepResult { return {s[0], s}; };
  expect_words([&] { rnn(step, x.to(device), {random.tensor({2, 4}, 1.0)}); }, {"initial_states[0]", "on cpu", name});
}

}  // namespace
}  // namespace rondo::test
