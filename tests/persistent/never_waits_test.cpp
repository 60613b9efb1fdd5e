// Runs whose status nobody can ask take no kernel whose blocks wait for each other.

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "rondo/layers.h"
#include "rondo/plan.h"
#include "rondo/stream.h"
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

TEST(NeverWaits, ATeamOfOneBlockWaitsForNobody) {
  RecurrenceSpec spec = kGridOnH200;
  spec.cell.units = 32;
  EXPECT_EQ(Plan::create(spec, known_gpu("h200"), {.executor = "cuda_block", .never_waits = true}).executor_name(),
            "cuda_block");
  expect_words<ValueError>(
      [&] { (void)Plan::create(spec, known_gpu("h200"), {.executor = "cuda_cluster", .never_waits = true}); },
      {"cuda_cluster declined: its blocks wait for each other"});
}

/// A layer whose call is recorded has a session that is gone when the graph runs.
TEST(NeverWaits, ALayerThatIsRecordedTakesNoSuchKernel) {
  const Device device = cuda(0);
  const RecurrentWeights weights =
      RecurrentWeights{Tensor::full({3, 160}, 0.3, DType::f32), Tensor::full({40, 160}, 0.02, DType::f32),
                       Tensor::full({160}, 0.1, DType::f32)}
          .to(device);
  LSTM lstm({.units = 40}, weights);
  const Tensor x = Tensor::full({2, 4, 3}, 0.5, DType::f32, device);
  const CallOptions forced{.plan = {.executor = "cuda_cluster"}};
  (void)lstm(x, forced);  // outside of a recording it may
  const cuda_runtime::OwnedStream recording(device);
  expect_words<ValueError>(
      [&] {
        (void)cuda_runtime::Graph::record(recording.get(), [&] {
          const StreamScope scope(recording.get());
          (void)lstm(x, forced);
        });
      },
      {"cuda_cluster declined: its blocks wait for each other"});
}

}  // namespace
}  // namespace rondo::test
