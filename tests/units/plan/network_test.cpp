// Networks on the CPU. network_simt_test, and a machine with a GPU, run these tests on a CUDA device.

#include "rondo/plan/network.h"

#include <gtest/gtest.h>

#include <functional>

#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/counting_allocator.h"
#include "support/expect_error.h"
#include "support/random_network.h"

namespace rondo::test {
namespace {

NetworkOptions random_options(Random& random, Device device) {
  const char* other = device == cpu() ? "reference" : "cuda_stepwise";
  return {.executor = random.coin() ? other : "",
          .overlap = random.coin(0.8) ? Overlap::automatic : Overlap::never,
          .chunk_steps = random.integer(1, 4)};
}

TEST(Network, EqualsSessionsOneAfterTheOther) {
  const Device device = default_device();
  int layers_in_both_directions = 0;
  for (std::uint64_t seed = 0; seed < 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomNetwork network = moved(random_network(random), DType::f32, device);
    const NetworkPlan plan = NetworkPlan::create(network.spec, random_options(random, device));
    SCOPED_TRACE(plan.explain());
    expect_identical(run_network(network, plan, 3), run_by_hand(network, plan));
    for (const NetworkLayer& layer : network.spec.layers) layers_in_both_directions += layer.backward ? 1 : 0;
  }
  EXPECT_GT(layers_in_both_directions, 50);
}

TEST(Network, SixteenBitAndDoubleAsWell) {
  const Device device = default_device();
  for (const DType dtype : {DType::f64, DType::f16, DType::bf16}) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      Random random(seed);
      const RandomNetwork network = moved(random_network(random), dtype, device);
      const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 2});
      SCOPED_TRACE(plan.explain());
      expect_identical(run_network(network, plan, 2), run_by_hand(network, plan));
    }
  }
}

TEST(Network, StatesMayBeUpdatedInPlace) {
  RandomNetwork network = moved(plain_network(6, 2, 4), DType::f32, default_device());
  Random random(1);
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    for (int state = 0; state < state_count(network.spec.layers[k].forward.cell.kind); ++state) {
      network.tensors.layers[k].forward.initial_state.push_back(random.tensor({2, 4}, 1.0).to(default_device()));
    }
  }
  const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 2});
  const auto expected = run_by_hand(network, plan);
  NetworkTensors tensors = with_outputs(network);
  for (LayerTensors& layer : tensors.layers) layer.forward.final_state = layer.forward.initial_state;
  NetworkSession(plan, network.weights).run(tensors);
  expect_identical(take_outputs(tensors), expected);
}

TEST(Network, NothingButTheInputIsNeeded) {
  RandomNetwork network = moved(plain_network(3, 2, 4), DType::f32, default_device());
  network.tensors.layers.clear();
  NetworkSession session(NetworkPlan::create(network.spec), network.weights);
  session.run(network.tensors);  // without a y
  network.tensors.y = Tensor::zeros({3, 2, 4}, DType::f32, default_device());
  session.run(network.tensors);
  EXPECT_GT(largest_magnitude(network.tensors.y->to(cpu())), 0.0);
}

TEST(Network, RunsAgainWithoutAllocatingOnTheCpu) {
  const CountedScope scope;
  const RandomNetwork network = plain_network(5, 2, 4);
  const NetworkPlan plan = NetworkPlan::create(network.spec);
  const NetworkTensors tensors = with_outputs(network);
  NetworkSession session(plan, network.weights);
  const int before = scope.counts().allocations();
  session.run(tensors);
  session.run(tensors);
  EXPECT_EQ(scope.counts().allocations(), before);
}

TEST(Network, OnTheCpuOneRunsAfterTheOther) {
  const RandomNetwork network = plain_network(200, 2, 4);
  const NetworkPlan plan = NetworkPlan::create(network.spec);
  ASSERT_EQ(plan.stages().size(), 3U);
  for (const NetworkStage& stage : plan.stages()) EXPECT_EQ(stage.kind, StageKind::alone);
  const std::string text = plan.explain();
  EXPECT_NE(text.find("layers[1].forward runs alone: the CPU runs one recurrence after the other"), std::string::npos)
      << text;
  EXPECT_EQ(plan.workspace_bytes(), plan.scratch_bytes() + 2 * 200 * 2 * 4 * sizeof(float));
}

/// Two layers, the first in both directions, and all tensors that a run can have.
struct Fixture {
  static constexpr std::int64_t T = 5;
  static constexpr std::int64_t B = 3;
  NetworkSpec spec;
  std::vector<NetworkWeights> weights;
  NetworkTensors tensors;
  NetworkOptions options;
  Device device = default_device();
  std::optional<Stream> stream;

  Fixture() {
    const auto zeros = [&](const Shape& shape) { return Tensor::zeros(shape, DType::f32, device); };
    const auto recurrence = [&](std::int64_t H, std::int64_t I) {
      return RecurrenceSpec{.cell = {.kind = CellKind::lstm, .units = H},
                            .T = T,
                            .B = B,
                            .I = I,
                            .device = device,
                            .has_mask = true,
                            .has_lengths = true};
    };
    const auto its_weights = [&](std::int64_t H, std::int64_t I) {
      return RecurrentWeights{zeros({I, 4 * H}), zeros({H, 4 * H}), zeros({4 * H})};
    };
    const auto states = [&](std::int64_t H) { return std::vector<Tensor>{zeros({B, H}), zeros({B, H})}; };
    spec.layers = {{recurrence(4, 2), recurrence(3, 2)}, {recurrence(6, 7)}};
    spec.layers[0].backward->rules.read = ReadOrder::reversed;
    spec.layers[0].backward->rules.write = WriteOrder::input;
    weights = {{its_weights(4, 2), its_weights(3, 2)}, {its_weights(6, 7)}};
    tensors.x = zeros({T, B, 2});
    tensors.mask = Tensor::full({T, B}, 1.0, DType::boolean, device);
    tensors.lengths = Tensor::full({B}, 5.0, DType::i32, device);
    tensors.y = zeros({T, B, 6});
    tensors.layers = {{{states(4), zeros({B, 4}), states(4)}, {states(3), zeros({B, 3}), states(3)}},
                      {{states(6), zeros({B, 6}), states(6)}}};
  }

  void run() const { NetworkSession(NetworkPlan::create(spec, options), weights, stream).run(tensors); }
};

TEST(Network, TheFixtureOfTheMisusesRuns) { Fixture().run(); }

struct Misuse {
  const char* what;
  std::vector<std::string> words;
  std::function<void(Fixture&)> spoil;
};

void expect_named(const std::vector<Misuse>& table) {
  for (const Misuse& row : table) {
    SCOPED_TRACE(row.what);
    Fixture fixture;
    row.spoil(fixture);
    expect_words([&] { fixture.run(); }, row.words);
  }
}

TEST(Network, NamesTheSpecThatDoesNotFit) {
  expect_named({
      {"no layers", {"layers: got none", "at least one"}, [](Fixture& f) { f.spec.layers.clear(); }},
      {"another T", {"layers[1].forward.T: got 6", "5"}, [](Fixture& f) { f.spec.layers[1].forward.T = 6; }},
      {"another B", {"layers[0].backward.B: got 4", "3"}, [](Fixture& f) { f.spec.layers[0].backward->B = 4; }},
      {"the width of forward alone",
       {"layers[1].forward.I: got 4", "7", "the layer below"},
       [](Fixture& f) { f.spec.layers[1].forward.I = 4; }},
      {"another input backward",
       {"layers[0].backward.I: got 3", "2", "layers[0].forward"},
       [](Fixture& f) { f.spec.layers[0].backward->I = 3; }},
      {"another dtype",
       {"layers[1].forward.dtype: got f64", "f32"},
       [](Fixture& f) { f.spec.layers[1].forward.dtype = DType::f64; }},
      {"another device",
       {"layers[0].backward.device: got cuda:7"},
       [](Fixture& f) { f.spec.layers[0].backward->device = cuda(7); }},
      {"backward in processing order",
       {"layers[0].backward.rules.write: got processing order", "input order"},
       [](Fixture& f) { f.spec.layers[0].backward->rules.write = WriteOrder::processing; }},
      {"forward turned around beside backward",
       {"layers[0].forward.rules.write: got processing order", "input order"},
       [](Fixture& f) { f.spec.layers[0].forward.rules.read = ReadOrder::reversed; }},
      {"no units",
       {"layers[0].backward", "units: got 0"},
       [](Fixture& f) {
         f.spec.layers[0].backward->cell.units = 0;
         f.spec.layers[1].forward.I = 4;
       }},
      {"no such executor",
       {"layers[0].forward", "executor: got 'abacus'"},
       [](Fixture& f) { f.options.executor = "abacus"; }},
      {"chunks of less than nothing", {"chunk_steps: got -1"}, [](Fixture& f) { f.options.chunk_steps = -1; }},
  });
}

TEST(Network, NamesTheWeightsThatDoNotFit) {
  expect_named({
      {"of too few layers", {"weights: got those of 1 layers", "2"}, [](Fixture& f) { f.weights.pop_back(); }},
      {"none backward", {"weights[0].backward: got none"}, [](Fixture& f) { f.weights[0].backward.reset(); }},
      {"some backward too many",
       {"weights[1].backward: got some", "none"},
       [](Fixture& f) { f.weights[1].backward = f.weights[0].backward; }},
      {"of another size",
       {"layers[0].backward", "weight kernel: got f32(2, 16)", "f32(2, 12)"},
       [](Fixture& f) { f.weights[0].backward = f.weights[0].forward; }},
      {"a stream of another device", {"stream: got cuda:7"}, [](Fixture& f) { f.stream = Stream{cuda(7)}; }},
  });
}

TEST(Network, NamesTheTensorThatDoesNotFit) {
  expect_named({
      {"x of another width",
       {"x: got f32(5, 3, 1)", "f32(5, 3, 2)"},
       [](Fixture& f) { f.tensors.x = f.tensors.x.slice(2, 0, 1); }},
      {"no x", {"x: got an empty tensor"}, [](Fixture& f) { f.tensors.x = {}; }},
      {"no mask", {"mask: got none"}, [](Fixture& f) { f.tensors.mask.reset(); }},
      {"a mask that no layer has",
       {"mask: got one", "none"},
       [](Fixture& f) {
         f.spec.layers[0].forward.has_mask = f.spec.layers[0].backward->has_mask = false;
         f.spec.layers[1].forward.has_mask = false;
       }},
      {"lengths of i64",
       {"lengths: got i64"},
       [](Fixture& f) { f.tensors.lengths = f.tensors.lengths->to(DType::i64); }},
      {"y with gaps",
       {"y: got an innermost stride of 2"},
       [](Fixture& f) {
         f.tensors.y = Tensor::zeros({5, 3, 12}, DType::f32, f.device).slice(2, 0, 12, 2);
       }},
      {"y of another width", {"y: got f32(5, 3, 5)"}, [](Fixture& f) { f.tensors.y = f.tensors.y->slice(2, 0, 5); }},
      {"tensors of one layer of two", {"layers: got 1 of them", "2"}, [](Fixture& f) { f.tensors.layers.pop_back(); }},
      {"backward tensors where there is no backward",
       {"layers[1].backward: got tensors", "none"},
       [](Fixture& f) { f.tensors.layers[1].backward.last_output = f.tensors.layers[1].forward.last_output; }},
      {"a state of another width",
       {"layers[0].backward.initial_state[1]: got f32(3, 2)", "f32(3, 3)"},
       [](Fixture& f) {
         Tensor& state = f.tensors.layers[0].backward.initial_state[1];
         state = state.slice(1, 0, 2);
       }},
      {"one final state of two",
       {"layers[1].forward.final_state: got 1 tensors"},
       [](Fixture& f) { f.tensors.layers[1].forward.final_state.pop_back(); }},
      {"last output of another dtype",
       {"layers[0].forward.last_output: got f64"},
       [](Fixture& f) {
         Tensor& last = *f.tensors.layers[0].forward.last_output;
         last = last.to(DType::f64);
       }},
  });
}

}  // namespace
}  // namespace rondo::test
