// Layers on a CUDA device keep their sessions: later calls neither allocate more than their outputs nor synchronise,
// and weights that were reloaded, or are used on several streams, give the CPU's numbers.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/rondo.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/device_under_test.h"
#include "support/random.h"

namespace rondo::test {
namespace {

using cuda_runtime::Call;

constexpr std::int64_t T = 3;
constexpr std::int64_t B = 2;
constexpr std::int64_t H = 8;

RecurrentWeights weights_of(std::uint64_t seed, Device device = cpu()) {
  Random random(seed);
  return RecurrentWeights{random.tensor({H, 4 * H}, 0.3), random.tensor({H, 4 * H}, 0.3), random.tensor({4 * H}, 0.3)}
      .to(device);
}

const Tensor kX = Random(9).tensor({B, T, H}, 1.0);
const CallOptions kStepwise{.plan = {.executor = "cuda_stepwise"}};

struct Door {
  const char* name;
  int outputs;
  std::function<void()> call;
};

std::vector<Door> doors_on(Device device) {
  const auto cell = [&](std::uint64_t seed) -> std::shared_ptr<Cell> {
    return std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, weights_of(seed, device));
  };
  const Tensor x = kX.to(device);
  const Tensor frame = x.select(1, 0).contiguous();
  auto layer = std::make_shared<RNN>(cell(1), RNNOptions{.return_sequences = true});
  auto stack = std::make_shared<RNN>(std::vector{cell(1), cell(2)}, RNNOptions{.return_sequences = true});
  auto both = std::make_shared<Bidirectional>(*layer, std::vector{weights_of(2, device)});
  auto states = std::make_shared<States>();
  return {{"layer", 1, [=] { (void)(*layer)(x, kStepwise); }},
          {"stack", 1, [=] { (void)(*stack)(x, kStepwise); }},
          {"bidirectional", 1, [=] { (void)(*both)(x, kStepwise); }},
          {"step", 1, [=] { (void)layer->step(frame, *states, kStepwise.plan); }}};
}

TEST(FrontDoorParity, LaterCallsAllocateTheirOutputsAloneAndDoNotSynchronise) {
  for (const Door& door : doors_on(device_under_test())) {
    for (int call = 0; call < 3; ++call) door.call();
    const CountedCalls calls;
    for (int call = 0; call < 5; ++call) door.call();
    EXPECT_EQ(calls.of(Call::allocate), 5 * door.outputs) << door.name;
    EXPECT_EQ(calls.of(Call::synchronize), 0) << door.name;
    EXPECT_EQ(calls.of(Call::copy), 0) << door.name;
    EXPECT_GT(calls.of(Call::launch) + calls.of(Call::replay_graph), 0) << door.name;
  }
}

TEST(FrontDoorParity, ReloadedWeightsAreUsedByEveryExecutor) {
  const Device device = device_under_test();
  const Tensor x = kX.to(device);
  for (const std::string& executor : executor_names(device)) {
    const RecurrentWeights weights = weights_of(1, device);
    LSTM lstm({.units = H}, weights, {.return_sequences = true});
    const CallOptions options{.plan = {.executor = executor}};
    const auto call = [&] { return lstm(x, options).output.leaf().to(cpu()); };
    try {
      EXPECT_TRUE(close(call(), LSTM({.units = H}, weights_of(1), {.return_sequences = true})(kX).output, 1e-5));
    } catch (const ValueError&) {
      continue;  // the executor declines the recurrence
    } catch (const RuntimeError&) {
      continue;  // the device has no room for its kernels
    }
    const RecurrentWeights other = weights_of(2, device);
    weights.kernel.copy_from(other.kernel);
    weights.recurrent_kernel.copy_from(other.recurrent_kernel);
    weights.bias->copy_from(*other.bias);
    {
      const CountedCalls calls;
      lstm.reload_weights();
      EXPECT_TRUE(executor.starts_with("cudnn") || calls.of(Call::allocate) == 0) << executor;
    }
    EXPECT_TRUE(close(call(), LSTM({.units = H}, weights_of(2), {.return_sequences = true})(kX).output, 1e-5))
        << executor;
  }
}

/// The second stream uses weights that were packed on the first one.
TEST(FrontDoorParity, StreamsShareThePackedWeights) {
  const Device device = device_under_test();
  const OwnedStream first(device);
  const OwnedStream second(device);
  const Tensor x = kX.to(device);
  synchronize(Stream{device});
  LSTM lstm({.units = H}, weights_of(1, device), {.return_sequences = true});
  synchronize(Stream{device});
  const Tensor expected = LSTM({.units = H}, weights_of(1), {.return_sequences = true})(kX).output;
  for (int round = 0; round < 3; ++round) {
    for (const OwnedStream* stream : {&first, &second}) {
      const StreamScope scope(stream->get());
      EXPECT_TRUE(close(lstm(x, kStepwise).output.leaf().to(cpu()), expected, 1e-5));
    }
  }
}

}  // namespace
}  // namespace rondo::test
