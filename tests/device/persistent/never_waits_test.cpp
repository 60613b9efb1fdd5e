// Runs whose status no caller can ask for take no kernel whose blocks wait for each other.

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "plan/kept_runs.h"
#include "rondo/plan/plan.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

const RecurrenceSpec kGridOnH200{.cell = {.kind = CellKind::lstm, .units = 768},
                                 .T = 1024,
                                 .B = 16,
                                 .I = 768,
                                 .dtype = DType::f16,
                                 .device = cuda(0)};

TEST(NeverWaits, APlanGoesOnToTheNextExecutor) {
  const DeviceProperties h200 = known_gpu("h200");
  EXPECT_EQ(Plan::create(kGridOnH200, h200).executor_name(), "cuda_persistent");
  const Plan plan = Plan::create(kGridOnH200, h200, {.never_waits = true});
  EXPECT_EQ(plan.executor_name(), "cuda_stepwise");
  EXPECT_NE(plan.explain().find("cuda_persistent declined: its blocks wait for each other"), std::string::npos);
}

TEST(NeverWaits, ATeamOfOneBlockNeverWaits) {
  RecurrenceSpec spec = kGridOnH200;
  spec.cell.units = 32;
  EXPECT_EQ(Plan::create(spec, known_gpu("h200"), {.executor = "cuda_block", .never_waits = true}).executor_name(),
            "cuda_block");
  expect_words<ValueError>(
      [&] { (void)Plan::create(spec, known_gpu("h200"), {.executor = "cuda_cluster", .never_waits = true}); },
      {"cuda_cluster declined: its blocks wait for each other"});
}

/// A layer's hidden session is gone when a graph runs that recorded the layer's call.
TEST(NeverWaits, HiddenSessionsThatAreRecordedDoNot) {
  const cuda_runtime::OwnedStream stream(cuda(0));
  EXPECT_FALSE(unattended(PlanOptions{}, stream.get()).never_waits);
  EXPECT_FALSE(unattended(NetworkOptions{}, stream.get()).never_waits);
  EXPECT_FALSE(unattended(PlanOptions{}, Stream{cpu()}).never_waits);
  (void)cuda_runtime::Graph::record(stream.get(), [&] {
    EXPECT_TRUE(unattended(PlanOptions{}, stream.get()).never_waits);
    EXPECT_TRUE(unattended(NetworkOptions{}, stream.get()).never_waits);
  });
}

}  // namespace
}  // namespace rondo::test
