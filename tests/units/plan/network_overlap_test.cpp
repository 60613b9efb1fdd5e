// The recurrences of a network that run at once on a CUDA device. The plans are made without a device.

#include <gtest/gtest.h>

#include "rondo/vocabulary/error.h"
#include "support/device_under_test.h"
#include "support/random_network.h"

namespace rondo::test {
namespace {

/// Properties like those of an H200.
DeviceProperties large_device() {
  return {.device = device_under_test(),
          .processors = 132,
          .name = "large",
          .compute_capability = 90,
          .shared_bytes_per_block = std::size_t{227} << 10,
          .clusters = known_gpu("h200").clusters,
          .l2_bytes = std::size_t{50} << 20,
          .memory_bytes = std::size_t{140} << 30};
}

NetworkPlan plan_of(const RandomNetwork& network, const NetworkOptions& options = {}) {
  return NetworkPlan::create(moved(network, DType::f32, device_under_test()).spec, large_device(), options);
}

void expect_explained(const NetworkPlan& plan, const std::string& words) {
  EXPECT_NE(plan.explain().find(words), std::string::npos) << "no '" << words << "' in:\n" << plan.explain();
}

TEST(NetworkPlan, LayersBecomeAWavefront) {
  const NetworkPlan plan = plan_of(plain_network(200, 4, 64));
  ASSERT_EQ(plan.stages().size(), 1U);
  const NetworkStage& stage = plan.stages()[0];
  EXPECT_EQ(stage.kind, StageKind::wavefront);
  EXPECT_EQ(stage.chunk_steps, 67);
  ASSERT_EQ(stage.lanes.size(), 3U);
  for (const NetworkLane& lane : stage.lanes) {
    EXPECT_EQ(lane.plan.spec().T, 67);
    EXPECT_EQ(lane.tail.value().spec().T, 66);
    EXPECT_EQ(lane.plan.properties().processors, 44);
  }
  expect_explained(plan,
                   "layers[0] to layers[2] run at once as a wavefront, each a chunk behind the one below it: 3 chunks "
                   "of 67 steps, the last one of 66, each on 44 of 132 processors");
}

TEST(NetworkPlan, ALayerInBothDirectionsIsABarrier) {
  const NetworkPlan plan = NetworkPlan::create(moved(tall_network_of(7, 3, 8), DType::f32, device_under_test()).spec,
                                               large_device(), {.chunk_steps = 2});
  ASSERT_EQ(plan.stages().size(), 2U);
  EXPECT_EQ(plan.stages()[1].kind, StageKind::both_directions);
  EXPECT_EQ(plan.stages()[1].lanes[0].plan.properties().processors, 66);
  EXPECT_EQ(plan.stages()[1].lanes[1].direction, Direction::backward);
  expect_explained(plan, "both directions of layers[3] run at once, each on 66 of 132 processors");
}

TEST(NetworkPlan, SaysWhyThereIsNoWavefront) {
  const RandomNetwork network = plain_network(200, 4, 64);
  const auto alone = [&](const char* why, const NetworkOptions& options, const auto& change) {
    RandomNetwork changed = network;
    change(changed.spec.layers[0].forward);
    const NetworkPlan plan = plan_of(changed, options);
    EXPECT_EQ(plan.stages()[0].kind, StageKind::alone) << why;
    expect_explained(plan, why);
  };
  alone("overlap is switched off", {.overlap = Overlap::never}, [](RecurrenceSpec&) {});
  alone("layers[0].forward has lengths", {}, [](RecurrenceSpec& spec) { spec.has_lengths = true; });
  alone("layers[0].forward does not read forward", {},
        [](RecurrenceSpec& spec) { spec.rules.read = ReadOrder::reversed; });
  alone("layers[0].forward has a mask and repeats outputs", {}, [](RecurrenceSpec& spec) { spec.has_mask = true; });
  alone("200 steps are fewer than two chunks of 101", {.chunk_steps = 101}, [](RecurrenceSpec&) {});
  RandomNetwork masked = network;
  for (NetworkLayer& layer : masked.spec.layers) {
    layer.forward.has_mask = true;
    layer.forward.rules.dead = DeadOutput::zeros;
  }
  EXPECT_EQ(plan_of(masked).stages()[0].kind, StageKind::wavefront);
}

/// Where a grid kernel just fits the device, a plan for half of it would take a slower executor, so nothing runs at
/// once.
TEST(NetworkPlan, AShareThatMeansASlowerExecutorIsNotTaken) {
  const RandomNetwork network = plain_network(200, 4, 512);
  DeviceProperties device = large_device();
  device.clusters = {};
  const auto name_on = [&](int processors) {
    device.processors = processors;
    RecurrenceSpec spec = network.spec.layers[0].forward;
    spec.device = device_under_test();
    return Plan::create(spec, device).executor_name();
  };
  int least = 1;
  while (least < 1000 && name_on(least) != "cuda_persistent") ++least;
  ASSERT_EQ(name_on(least / 2), "cuda_stepwise") << least;
  device.processors = least;
  const NetworkPlan plan = NetworkPlan::create(moved(network, DType::f32, device_under_test()).spec, device);
  EXPECT_EQ(plan.stages()[0].kind, StageKind::alone);
  EXPECT_EQ(plan.stages()[0].lanes[0].plan.executor_name(), "cuda_persistent");
  expect_explained(plan,
                   "on a share of 1 in 2 of the device layers[0].forward would be run by cuda_stepwise in place of "
                   "cuda_persistent");
}

/// Three layers run at once where a third of the device has room for one layer's weights, two layers where a half has.
TEST(NetworkPlan, AShareThatIsTooSmallIsNotTaken) {
  const NetworkSpec spec = moved(plain_network(200, 4, 64), DType::f32, device_under_test()).spec;
  DeviceProperties device = large_device();
  const auto plan_on = [&](int processors) {
    device.processors = processors;
    return NetworkPlan::create(spec, device, {.executor = "cuda_grid"});
  };
  const auto fits = [&](int processors) {
    try {
      (void)plan_on(processors);
      return true;
    } catch (const ValueError&) {
      return false;
    }
  };
  int least = 1;
  while (!fits(least)) ++least;
  ASSERT_GT(least, 1);
  EXPECT_EQ(plan_on(least).stages().size(), 3U);
  expect_explained(plan_on(least), "on a share of 1 in 2 of the device cuda_grid declines layers[");
  EXPECT_EQ(plan_on(2 * least).stages()[0].lanes.size(), 2U);
  EXPECT_EQ(plan_on(3 * least).stages()[0].lanes.size(), 3U);
}

}  // namespace
}  // namespace rondo::test
