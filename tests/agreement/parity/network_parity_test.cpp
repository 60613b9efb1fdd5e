// Networks on a CUDA device: against the CPU in double, and against the same sessions one after the other.

#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/random_network.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

using Outputs = std::map<std::string, Tensor>;

double scale_of(const RandomNetwork& network, const Outputs& outputs) {
  double scale = largest_magnitude(network.tensors.x);
  for (const auto& [name, tensor] : outputs) scale = std::max(scale, largest_magnitude(tensor));
  for (const LayerTensors& layer : network.tensors.layers) {
    for (const Tensor& state : layer.forward.initial_state) scale = std::max(scale, largest_magnitude(state));
    for (const Tensor& state : layer.backward.initial_state) scale = std::max(scale, largest_magnitude(state));
  }
  return scale;
}

TEST(NetworkParity, EqualsTheReferenceInDouble) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    RandomNetwork network = random_network(random);
    // All last outputs are wanted, because they give the scale of the values between layers.
    network.wants_last_outputs.assign(network.spec.layers.size(), true);
    network.wants_final_states.assign(network.spec.layers.size(), true);
    const RandomNetwork exact = moved(network, DType::f64, cpu());
    const Outputs expected = run_network(exact, NetworkPlan::create(exact.spec, {.executor = "reference"}));
    const double scale = scale_of(exact, expected);
    for (const auto& [dtype, tolerance] : {std::pair(DType::f64, 1e-12), std::pair(DType::f32, 1e-5)}) {
      const RandomNetwork on_device = moved(network, dtype, device_under_test());
      const NetworkPlan plan = NetworkPlan::create(on_device.spec, {.chunk_steps = random.integer(1, 4)});
      SCOPED_TRACE(plan.explain());
      const Outputs actual = run_network(on_device, plan, 2);
      ASSERT_EQ(actual.size(), expected.size());
      for (const auto& [name, tensor] : expected) {
        EXPECT_TRUE(within(actual.at(name), tensor, tolerance * scale)) << name;
      }
    }
  });
}

/// Layers that run in chunks in 16 bits stay as near to the exact result as layers without chunks.
TEST(NetworkParity, ChunksIn16BitCarryTheirStates) {
  const RandomNetwork network = plain_network(40, 3, 8);
  for (const auto& [dtype, tolerance] : {std::pair(DType::f16, 2e-3), std::pair(DType::bf16, 1e-2)}) {
    const RandomNetwork rounded = moved(network, dtype, device_under_test());
    const RandomNetwork exact = moved(moved(rounded, dtype, cpu()), DType::f64, cpu());
    const Outputs expected = run_network(exact, NetworkPlan::create(exact.spec));
    const NetworkPlan plan = NetworkPlan::create(rounded.spec, {.chunk_steps = 8});
    ASSERT_EQ(plan.stages()[0].kind, StageKind::wavefront) << plan.explain();
    const Outputs actual = run_network(rounded, plan);
    for (const auto& [name, tensor] : expected) EXPECT_TRUE(close(actual.at(name), tensor, tolerance)) << name;
  }
}

/// Recurrences that run at once give the numbers of the same sessions one after the other.
TEST(NetworkParity, EqualsSessionsOneAfterTheOther) {
  int wavefronts = 0;
  int both = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomNetwork network = moved(random_network(random), DType::f32, device_under_test());
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = random.integer(1, 3)});
    const cuda_runtime::OwnedStream stream(device_under_test());
    synchronize(Stream{device_under_test()});
    const StreamScope scope(stream.get());
    expect_identical(run_network(network, plan, 3), run_by_hand(network, plan));
    for (const NetworkStage& stage : plan.stages()) {
      wavefronts += stage.kind == StageKind::wavefront ? 1 : 0;
      both += stage.kind == StageKind::both_directions ? 1 : 0;
    }
  }
  EXPECT_GT(wavefronts, 5);
  EXPECT_GT(both, 20);
}

}  // namespace
}  // namespace rondo::test
