// Predicted times decide what runs at once. Plans of networks, for GPUs that need not be present, are compared with
// sums of the same times in the test.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "recurrence/executor.h"
#include "rondo/plan/network.h"
#include "rondo/vocabulary/error.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kSteps = 192;  // in three chunks
constexpr double kChunks = 3;

RecurrenceSpec lstm(std::int64_t H, std::int64_t B, DType dtype) {
  return {.cell = {.kind = CellKind::lstm, .units = H}, .T = kSteps, .B = B, .I = H, .dtype = dtype, .device = cuda(0)};
}

NetworkSpec in_both_directions(RecurrenceSpec spec) {
  spec.rules.write = WriteOrder::input;
  RecurrenceSpec backward = spec;
  backward.rules.read = ReadOrder::reversed;
  return {{{spec, backward}}};
}

NetworkSpec layers_of(const RecurrenceSpec& spec, std::size_t count) {
  return {std::vector<NetworkLayer>(count, NetworkLayer{spec})};
}

/// The predicted nanoseconds of T steps on one of `shares` equal shares of the device.
double predicted(RecurrenceSpec spec, DeviceProperties properties, std::int64_t T, std::size_t shares) {
  spec.T = T;
  properties.processors /= static_cast<int>(shares);
  const Plan plan = Plan::create(spec, properties);
  return plan.predicted_ns().value();
}

std::string words(double at_once_ns, std::size_t shares, double one_by_one_ns) {
  std::ostringstream text;
  text << "predicted " << std::round(at_once_ns / 100) / 10 << " us at once on " << shares
       << " shares of the device, and " << std::round(one_by_one_ns / 100) / 10
       << " us one after the other on all of it";
  return text.str();
}

void expect_explained(const NetworkPlan& plan, const std::string& expected) {
  EXPECT_NE(plan.explain().find(expected), std::string::npos) << "no '" << expected << "' in:\n" << plan.explain();
}

class NetworkOn : public ::testing::TestWithParam<const char*> {
 protected:
  const DeviceProperties gpu_ = known_gpu(GetParam());

  template <typename Function>
  void for_each_size(const Function& function) const {
    for (const DType dtype : {DType::bf16, DType::f32}) {
      for (const std::int64_t H : {128, 256, 384, 512, 768, 1024, 1536, 2048}) {
        for (const std::int64_t B : {1, 4, 16, 64}) {
          SCOPED_TRACE(to_string(lstm(H, B, dtype)));
          function(lstm(H, B, dtype));
        }
      }
    }
  }
};

TEST_P(NetworkOn, BothDirectionsRunAtOnceWhereThatIsPredictedToBeFaster) {
  int at_once = 0;
  int one_by_one = 0;
  for_each_size([&](const RecurrenceSpec& spec) {
    const NetworkPlan plan = NetworkPlan::create(in_both_directions(spec), gpu_);
    const double shared = predicted(spec, gpu_, kSteps, 2);
    const double alone = 2 * predicted(spec, gpu_, kSteps, 1);
    const bool expected = shared <= alone;
    (expected ? at_once : one_by_one) += 1;
    EXPECT_EQ(plan.stages().size(), expected ? 1U : 2U);
    EXPECT_EQ(plan.stages()[0].kind, expected ? StageKind::both_directions : StageKind::alone);
    EXPECT_EQ(plan.stages()[0].lanes[0].plan.properties().processors, gpu_.processors / (expected ? 2 : 1));
    expect_explained(plan, words(shared, 2, alone));
  });
  EXPECT_GT(at_once, 0);
  EXPECT_GT(one_by_one, 0);
}

TEST_P(NetworkOn, AWavefrontHasAsManyLayersAsGainMost) {
  constexpr std::size_t kLayers = 4;
  std::vector<int> taken(kLayers + 1, 0);
  for_each_size([&](const RecurrenceSpec& spec) {
    const double alone = predicted(spec, gpu_, kSteps, 1);
    std::size_t expected = 1;
    double least_part = 1.0;
    double at_once = 0;
    for (std::size_t layers = kLayers; layers >= 2; --layers) {
      const auto count = static_cast<double>(layers);
      const double time = (kChunks + count - 1) * predicted(spec, gpu_, 64, layers);
      const double part = time / (count * alone);
      if (part > 1.0 || (expected > 1 && part >= least_part)) continue;
      expected = layers;
      least_part = part;
      at_once = time;
    }
    ++taken[expected];
    const NetworkPlan plan = NetworkPlan::create(layers_of(spec, kLayers), gpu_);
    EXPECT_EQ(plan.stages()[0].lanes.size(), expected) << plan.explain();
    if (expected == 1) at_once = (kChunks + 1) * predicted(spec, gpu_, 64, 2);
    const std::size_t shares = std::max<std::size_t>(expected, 2);
    expect_explained(plan, words(at_once, shares, static_cast<double>(shares) * alone));
  });
  EXPECT_GT(taken[kLayers], 0);
  EXPECT_GT(taken[2], 0);
  EXPECT_GT(taken[1], 0);
}

INSTANTIATE_TEST_SUITE_P(Gpus, NetworkOn, ::testing::Values("h200", "h100", "a100", "h200_mig_1g"),
                         [](const auto& instance) { return std::string(instance.param); });

/// Layers take different times. A layer above a slow one waits for each of its chunks; a layer below does not wait.
TEST(NetworkPrediction, AddsUpAWavefrontsChunks) {
  const DeviceProperties gpu = known_gpu("h200");
  const auto takes = [&](std::int64_t H, std::int64_t I, std::int64_t T, std::size_t shares) {
    RecurrenceSpec spec = lstm(H, 1, DType::bf16);
    spec.I = I;
    return predicted(spec, gpu, T, shares);
  };
  const auto expect_time = [&](const std::vector<std::int64_t>& units, double at_once) {
    NetworkSpec spec;
    double one_by_one = 0;
    for (std::size_t k = 0; k < units.size(); ++k) {
      spec.layers.push_back({lstm(units[k], 1, DType::bf16)});
      spec.layers[k].forward.I = units[k > 0 ? k - 1 : 0];
      spec.layers[k].forward.T = 200;  // 67, 67 and 66 steps
      one_by_one += takes(units[k], spec.layers[k].forward.I, 200, 1);
    }
    const NetworkPlan plan = NetworkPlan::create(spec, gpu, {.chunk_steps = 64});
    ASSERT_EQ(plan.stages().size(), 1U) << plan.explain();
    expect_explained(plan, words(at_once, units.size(), one_by_one));
  };
  ASSERT_LT(takes(64, 256, 67, 3), takes(256, 64, 66, 3));
  expect_time({256, 64, 64},
              2 * takes(256, 256, 67, 3) + takes(256, 256, 66, 3) + takes(64, 256, 66, 3) + takes(64, 64, 66, 3));
  expect_time({64, 64, 256}, 2 * takes(64, 64, 67, 3) + 2 * takes(256, 64, 67, 3) + takes(256, 64, 66, 3));
}

/// On a share, another executor may run a layer. The plan tells this, and the times decide.
TEST(NetworkPrediction, SaysWhatAShareChanges) {
  const DeviceProperties gpu = known_gpu("h200_mig_1g");
  const RecurrenceSpec spec = lstm(512, 1, DType::f32);
  const NetworkPlan plan = NetworkPlan::create(in_both_directions(spec), gpu);
  EXPECT_EQ(plan.stages().size(), 2U);
  expect_explained(plan,
                   "on a share of 1 in 2 of the device layers[0].forward would be run by cuda_stepwise in place of "
                   "cuda_persistent, " +
                       words(predicted(spec, gpu, kSteps, 2), 2, 2 * predicted(spec, gpu, kSteps, 1)));
}

/// A caller that asks for chunks gets chunks.
TEST(NetworkPrediction, DoesNotDecideWhereChunksAreGiven) {
  const DeviceProperties gpu = known_gpu("h200");
  const RecurrenceSpec spec = lstm(2048, 1, DType::bf16);
  ASSERT_EQ(NetworkPlan::create(layers_of(spec, 2), gpu).stages()[0].kind, StageKind::alone);
  const NetworkPlan plan = NetworkPlan::create(layers_of(spec, 2), gpu, {.chunk_steps = 64});
  EXPECT_EQ(plan.stages()[0].kind, StageKind::wavefront);
  expect_explained(plan, words((kChunks + 1) * predicted(spec, gpu, 64, 2), 2, 2 * predicted(spec, gpu, kSteps, 1)));
}

TEST(NetworkPrediction, DoesNotDecideHowManyLayersGoInChunksThatAreGiven) {
  const NetworkSpec spec = layers_of(lstm(128, 64, DType::f32), 3);
  ASSERT_LT(NetworkPlan::create(spec, known_gpu("h200")).stages()[0].lanes.size(), 3U);
  EXPECT_EQ(NetworkPlan::create(spec, known_gpu("h200"), {.chunk_steps = 64}).stages()[0].lanes.size(), 3U);
}

TEST(NetworkPrediction, ChunksThatAreGivenAreNotWorthASlowerExecutor) {
  const NetworkPlan plan =
      NetworkPlan::create(layers_of(lstm(512, 1, DType::f32), 2), known_gpu("h200_mig_1g"), {.chunk_steps = 64});
  EXPECT_EQ(plan.stages()[0].kind, StageKind::alone);
  expect_explained(plan, "layers[0].forward would be run by cuda_stepwise in place of cuda_persistent");
}

/// Executors without a model run at once where they can, as long as a share does not change the executor.
TEST(NetworkPrediction, IsNotNeeded) {
  const DeviceProperties gpu = known_gpu("h200");
  const RecurrenceSpec spec = lstm(2048, 1, DType::f64);
  for (const NetworkSpec& network : {layers_of(spec, 3), in_both_directions(spec)}) {
    const NetworkPlan plan = NetworkPlan::create(network, gpu);
    ASSERT_EQ(plan.stages().size(), 1U);
    EXPECT_EQ(plan.stages()[0].lanes.size(), network.layers.size() == 1 ? 2U : 3U);
    EXPECT_EQ(plan.stages()[0].note, "");
    EXPECT_EQ(plan.explain().find("predicted"), std::string::npos);
  }
}

TEST(NetworkPrediction, NoStepsTakeNoTime) {
  NetworkSpec spec = in_both_directions(lstm(128, 1, DType::bf16));
  spec.layers[0].forward.T = spec.layers[0].backward->T = 0;
  EXPECT_EQ(NetworkPlan::create(spec, known_gpu("h200")).stages().size(), 1U);
}

}  // namespace
}  // namespace rondo::test
