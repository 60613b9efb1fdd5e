// The planner's choice between a product before the kernel and kernels that multiply x, and its predictions.

#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/model/product_model.h"
#include "cuda/persistent/planner/persistent_choice.h"
#include "device/persistent/planned.h"

namespace rondo::test {
namespace {

RecurrenceSpec of_inputs(RecurrenceSpec spec, std::int64_t I, std::int64_t T) {
  spec.I = I;
  spec.T = T;
  return spec;
}

/// A run of one step, as in decoding, saves a launch and the memory for sums.
TEST(FusedInputs, ARunOfOneStepIsOneLaunch) {
  for (const DeviceProperties& gpu : {h200(), known_gpu("h100"), a100(), slice()}) {
    for (const std::int64_t H : {64, 320, 640}) {
      if (gpu.processors < 20 && H > 320) continue;
      const Plan plan = Plan::create(of_inputs(lstm(H, 1), H, 1), gpu);
      EXPECT_EQ(plan.executor_name(), "cuda_persistent") << gpu.name << ", H " << H;
      EXPECT_NE(plan.explain().find("it multiplies x itself"), std::string::npos) << plan.explain();
      EXPECT_NE(plan.explain().find("_fused)"), std::string::npos) << plan.explain();
      EXPECT_EQ(plan.workspace_bytes(), 0U);
    }
  }
  EXPECT_EQ(chosen(of_inputs(lstm(2048, 64), 2048, 1), h200()), "cuda_stepwise");
}

TEST(FusedInputs, LongRunsOfManyInputsLeaveThemToAProduct) {
  const Plan plan = Plan::create(of_inputs(lstm(512, 32), 512, 1000), h200());
  EXPECT_NE(plan.explain().find("us a step, without the product of the inputs"), std::string::npos) << plan.explain();
  EXPECT_GT(plan.workspace_bytes(), std::size_t{1000} * 32 * 4 * 512 * 4);
}

/// The planner takes a kernel that multiplies x where its prediction is better by more than the model's error.
TEST(FusedInputs, AreTakenWhereTheyWinByMoreThanTheModelKnows) {
  int taken = 0;
  int too_close = 0;  // faster by less than the model's error
  int slower = 0;
  for (std::int64_t T = 1; T <= 512; T += 1 + T / 8) {
    const RecurrenceSpec spec = of_inputs(lstm(512, 4), 128, T);
    const PersistentChoice choice = choose_persistent(spec, h200(), {.kinds = kKinds, .table = {}});
    double least[2] = {1e12, 1e12};  // without and with the product of x in the kernel
    for (const PersistentKind kind : kKinds) {
      for (const PersistentPlan& plan : persistent_plans(spec, h200(), kind)) {
        double& ns = least[plan.shape.multiplies_inputs() ? 1 : 0];
        ns = std::min(ns, plan.total_ns);
      }
    }
    const bool expected = least[1] * 1.05 < least[0];
    EXPECT_EQ(choice.plan->shape.multiplies_inputs(), expected) << "T " << T;
    (expected ? taken : (least[1] < least[0] ? too_close : slower)) += 1;
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(too_close, 0);
  EXPECT_GT(slower, 0);
}

TEST(FusedInputs, TheWaitForOtherBlocksHidesThem) {
  const auto costs = [](std::int64_t H, PersistentKind kind) {
    const RecurrenceSpec spec = of_inputs(lstm(H, 1), 40, 100);
    double least[2] = {1e9, 1e9};  // without and with the product of x in the kernel
    for (const PersistentPlan& plan : persistent_plans(spec, h200(), kind)) {
      double& step_ns = least[plan.shape.multiplies_inputs() ? 1 : 0];
      step_ns = std::min(step_ns, plan.step_ns);
    }
    return least[1] - least[0];
  };
  EXPECT_LT(costs(1024, PersistentKind::grid), 100);
  EXPECT_LT(costs(512, PersistentKind::cluster), 100);
  EXPECT_GT(costs(64, PersistentKind::block), 100);
}

TEST(FusedInputs, TheirWeightsHaveToFit) {
  const auto fused = [](std::int64_t I) {
    return std::ranges::any_of(persistent_plans(of_inputs(lstm(1024, 4), I, 10), h200(), PersistentKind::grid),
                               [](const PersistentPlan& plan) { return plan.shape.multiplies_inputs(); });
  };
  EXPECT_TRUE(fused(1));
  EXPECT_TRUE(fused(80));
  EXPECT_FALSE(fused(8000));
  EXPECT_FALSE(fused(100000));
  EXPECT_FALSE(fused(0)) << "there is nothing to multiply";
}

/// The predicted run includes the product of the inputs, before the kernel or in it.
TEST(RunModel, HasTheProductOfTheInputs) {
  const auto total_ns = [](std::int64_t I) { return stepwise_total_ns(of_inputs(lstm(256, 64), I, 100), h200()); };
  EXPECT_GT(total_ns(64), 100 * 4500.0);
  EXPECT_GT(total_ns(4096) - total_ns(64), 2.0 * 100 * 64 * 4 * 256 * (4096 - 64) / 700e3 * 0.9);
  const RecurrenceSpec spec = of_inputs(lstm(256, 64), 64, 100);
  for (const PersistentPlan& plan : persistent_plans(spec, h200(), PersistentKind::cluster)) {
    const double product = plan.shape.multiplies_inputs() ? 0.0 : input_product_ns(spec, h200());
    EXPECT_GT(plan.total_ns, 100 * plan.step_ns + product);
    EXPECT_LT(plan.total_ns, 100 * plan.step_ns + product + 20e3);
  }
}

}  // namespace
}  // namespace rondo::test
