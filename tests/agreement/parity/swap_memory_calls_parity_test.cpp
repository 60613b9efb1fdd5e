// Reserves in the host's memory: what plans and sessions say of them, and the options of layers and of TensorFlow 1.

#include <gtest/gtest.h>

#include "recurrence/reserve.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/plan/network.h"
#include "rondo/tf1/v1.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/gradient_run.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kBatch = 3, kSteps = 21, kInputs = 2, kUnits = 5;

/// An LSTM on the device that keeps its gates.
RecurrenceSpec lstm_spec(bool swap_memory) {
  return {.cell = {.units = kUnits},
          .T = kSteps,
          .B = kBatch,
          .I = kInputs,
          .device = device_under_test(),
          .keep = Keep::gates,
          .swap_memory = swap_memory};
}

RecurrentWeights lstm_weights(Random& random) {
  return random_weights(random, {.units = kUnits}, kInputs).to(device_under_test());
}

Tensor random_on_device(Random& random, const Shape& shape) {
  return random.tensor(shape, 1.0).to(device_under_test());
}

void expect_same(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    EXPECT_TRUE(identical(actual[k].to(cpu()), expected[k].to(cpu()))) << "gradient " << k;
  }
}

TEST(SwapMemory, RefusesAReserveThatDoesNotFit) {
  Random random(3);
  const RecurrentWeights weights = lstm_weights(random);
  const Plan plan = Plan::create(lstm_spec(true));
  const auto bytes = static_cast<std::int64_t>(plan.reserve_bytes());
  Session session(plan, weights);
  SessionTensors run{.x = random_on_device(random, {kSteps, kBatch, kInputs})};
  const Tensor fitting = plan.empty_reserve();
  EXPECT_EQ(fitting.device(), cpu());
  const std::string on_device = "on " + to_string(device_under_test());
  const auto expect_refused = [&](const Tensor& reserve, const std::string& came) {
    run.reserve = reserve;
    expect_words([&] { session.run(run); }, {"reserve", came, "on cpu, page-locked", "swap_memory"});
    expect_words([&] { session.backward(run, {}); }, {"reserve", came, "on cpu, page-locked"});
  };
  expect_refused(Tensor::empty({bytes}, DType::u8, device_under_test()), on_device);
  expect_refused(Tensor::empty({bytes}, DType::u8), "that is not page-locked");
  expect_refused(fitting.slice(0, 0, bytes - 1), "u8");
  run.reserve = fitting;
  session.run(run);

  Session unswapped(Plan::create(lstm_spec(false)), weights);
  expect_words([&] { unswapped.run(run); }, {"reserve", "on cpu", on_device});
}

TEST(SwapMemory, PlansSayWhereTheReserveIs) {
  RecurrenceSpec spec = lstm_spec(true);
  const Plan plan = Plan::create(spec);
  EXPECT_EQ(plan.executor_name(), "cuda_stepwise");
  EXPECT_EQ(plan.backward_executor_name(), "cuda_stepwise");
  EXPECT_NE(plan.explain().find("swaps memory"), std::string::npos) << plan.explain();
  EXPECT_NE(plan.explain().find("bytes in the host's memory"), std::string::npos) << plan.explain();
  spec.keep = Keep::states;
  spec.segment = 3;
  expect_words([&] { (void)Plan::create(spec); }, {"swap_memory", "segments of 3 steps", "a segment of 0"});
  spec.segment = 0;
  RecurrenceSpec above = spec;
  above.I = kUnits;
  above.swap_memory = false;
  expect_words(
      [&] {
        (void)NetworkPlan::create({.layers = {{.forward = spec}, {.forward = above}}});
      },
      {"layers[1].forward.swap_memory", "got false", "true, as layers[0].forward has"});
  spec.keep = Keep::nothing;
  EXPECT_EQ(Plan::create(spec).reserve_bytes(), 0U);
  expect_words([&] { (void)Plan::create(spec).empty_reserve(); }, {"keep", "nothing"});
}

/// Beside the scratch of other runs.
TEST(SwapMemory, TheDeviceHasTwoChunks) {
  const auto planned = [](std::int64_t T, bool swap_memory) {
    RecurrenceSpec spec = lstm_spec(swap_memory);
    spec.cell.units = 512;
    spec.T = T;
    spec.B = 32;
    return Plan::create(spec, {.executor = "cuda_stepwise"});
  };
  const auto kept = static_cast<double>(planned(1000, false).reserve_bytes());
  EXPECT_NEAR(static_cast<double>(planned(1000, true).reserve_bytes()), kept, kept * 0.02);
  const auto more = static_cast<double>(planned(1000, true).workspace_bytes()) -
                    static_cast<double>(planned(1000, false).workspace_bytes());
  EXPECT_GT(more, 2 * 4e6);
  EXPECT_LT(more, 2 * 5e6);  // chunks of 4 MiB, rounded up to whole steps
  EXPECT_EQ(reserve_layout(planned(16, true).spec(), 0).chunk_steps, 2);
}

std::vector<Tensor> leaves_of(const LayerGradients& gradients) {
  std::vector<Tensor> leaves = gradients.weights;
  for (const Tensor& leaf : gradients.inputs.flatten()) leaves.push_back(leaf);
  return leaves;
}

TEST(SwapMemory, LayersHaveTheSameGradients) {
  Random random(5);
  const RecurrentWeights weights = lstm_weights(random);
  // The executor that swaps, also without swap_memory: another one sums in another order.
  const PlanOptions stepwise{.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise"};
  Bidirectional layer(LSTM({.units = kUnits}, weights, {.return_sequences = true}), {weights});
  const Tensor x = random_on_device(random, {kBatch, kSteps, kInputs});
  const Tensor d_output = random_on_device(random, {kBatch, kSteps, 2 * kUnits});
  const auto gradients = [&](bool swap_memory) {
    return leaves_of(layer(x, {.gradients = true, .swap_memory = swap_memory, .plan = stepwise}).pullback(d_output));
  };
  expect_same(gradients(true), gradients(false));
}

TEST(SwapMemory, DynamicRnnHasTheSameGradients) {
  Random random(6);
  const auto moved = [&](const Shape& shape) { return random_on_device(random, shape); };
  const v1::LSTMWeights weights{.kernel = moved({2 + 4, 20}),
                                .bias = moved({20}),
                                .w_f_diag = moved({5}),
                                .w_i_diag = moved({5}),
                                .w_o_diag = moved({5}),
                                .projection_kernel = moved({5, 4})};
  const auto cell = std::make_shared<v1::LSTMCell>(
      v1::LSTMCellOptions{.num_units = 5, .use_peepholes = true, .num_proj = 4, .proj_clip = 0.5}, weights);
  const Tensor x = moved({3, 21, 2});
  const Tensor d_output = moved({3, 21, 4});
  const auto gradients = [&](bool swap_memory) {
    return leaves_of(v1::dynamic_rnn(cell, x, {.dtype = DType::f32, .swap_memory = swap_memory, .gradients = true})
                         .pullback(d_output));
  };
  expect_same(gradients(true), gradients(false));
}

}  // namespace
}  // namespace rondo::test
