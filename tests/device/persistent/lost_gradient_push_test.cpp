// A kernel of gradients whose word of dG, or whose sums of dh, are lost records a stall and writes NaN. What gradients
// are added to is unchanged, and later gradients are computed without waits.

#include <gtest/gtest.h>

#include <cmath>

#include "cuda/persistent/persistent_backward.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "device/simt/executor.h"
#include "plan/planner.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kT = 6;
constexpr std::int64_t kB = 3;
constexpr std::int64_t kI = 3;
constexpr std::int64_t kH = 40;

struct Candidate {
  PersistentKind kind;
  DType dtype;
  bool scatters = false;
  bool resets_before = false;  ///< a GRU, whose blocks exchange dG twice in a step
};

class LostGradientPush : public ::testing::TestWithParam<Candidate> {
 protected:
  const Device device = cuda(0);
  const DType dtype = GetParam().dtype;
  const CellKind kind = GetParam().resets_before ? CellKind::gru : CellKind::lstm;
  const std::int64_t columns = gate_count(kind) * kH;
  const RecurrenceSpec spec{.cell = {.kind = kind, .units = kH, .reset_after = !GetParam().resets_before},
                            .T = kT,
                            .B = kB,
                            .I = kI,
                            .dtype = dtype,
                            .device = device,
                            .keep = Keep::gates};
  const RecurrentWeights weights{full({kI, columns}, 0.3), full({kH, columns}, 0.02), full({columns}, 0.1)};

  Tensor full(const Shape& shape, double value) const {
    return Tensor::full(shape, value, DType::f32).to(dtype).to(device);
  }
  SessionTensors run_of(const Plan& plan) const {
    return {.x = full({kT, kB, kI}, 0.5), .reserve = plan.empty_reserve()};
  }
  /// Gradients that are added to `kernel`.
  SessionGradients gradients(const Tensor& kernel) const {
    SessionGradients wanted{.y = full({kT, kB, kH}, 1.0)};
    wanted.x = full({kT, kB, kI}, 7.0);
    wanted.weights.kernel = kernel;
    wanted.accumulate_weights = true;
    return wanted;
  }
};

bool has_nan(const Tensor& tensor) { return std::isnan(sum(tensor.to(cpu()).to(DType::f64)).item()); }

TEST_P(LostGradientPush, LeavesWhatItAddsToAndIsRecoveredFrom) {
  std::unique_ptr<const Executor> backward;
  for (auto& executor : persistent_backward_alternatives(spec, properties_of(device), GetParam().kind)) {
    if (executor->name().ends_with("_scattered") != GetParam().scatters) continue;
    if (executor->name().find("_1x") == std::string_view::npos) backward = std::move(executor);  // of several blocks
  }
  ASSERT_NE(backward, nullptr);
  SCOPED_TRACE(std::string(backward->name()));
  const Plan plan = plan_for(stepwise_executor(), *backward, spec, properties_of(device));
  EXPECT_TRUE(plan.may_stall());
  Session session(plan, weights);
  const SessionTensors run = run_of(plan);
  session.run(run);
  const Tensor right = full({kI, columns}, 0.0);
  const SessionGradients undisturbed = gradients(right);
  session.backward(run, undisturbed);
  EXPECT_FALSE(session.finish().gradients_stalled);

  const Tensor added = full({kI, columns}, 2.0);
  const SessionGradients lost = gradients(added);
  {
    const simt::LostPush lost_push(100);
    session.backward(run, lost);
    EXPECT_TRUE(has_nan(*lost.x));
    ASSERT_TRUE(lost_push.happened());
  }
  EXPECT_TRUE(identical(added.to(cpu()), full({kI, columns}, 2.0).to(cpu()))) << "nothing is added after a stall";
  const SessionStatus status = session.finish();
  EXPECT_TRUE(status.gradients_stalled);
  EXPECT_FALSE(status.stalled) << "the run is not repeated";
  EXPECT_EQ(status.stall.kind, GetParam().kind == PersistentKind::cluster ? WaitKind::cluster : WaitKind::grid);

  session.backward(run, lost);
  EXPECT_FALSE(session.finish().gradients_stalled) << "told once";
  EXPECT_TRUE(close(lost.x->to(cpu()).to(DType::f32), undisturbed.x->to(cpu()).to(DType::f32), 2e-2));
  EXPECT_TRUE(
      close(sub(added, full({kI, columns}, 2.0)).to(cpu()).to(DType::f32), right.to(cpu()).to(DType::f32), 2e-2));
}

INSTANTIATE_TEST_SUITE_P(Candidates, LostGradientPush,
                         ::testing::Values(Candidate{PersistentKind::cluster, DType::f32},
                                           Candidate{PersistentKind::cluster, DType::f32, true},
                                           Candidate{PersistentKind::cluster, DType::bf16, true},
                                           Candidate{PersistentKind::grid, DType::f32},
                                           Candidate{PersistentKind::cluster, DType::bf16, false, true},
                                           Candidate{PersistentKind::grid, DType::f32, false, true},
                                           Candidate{PersistentKind::grid, DType::bf16, false, true}),
                         [](const auto& instance) {
                           return name_of(instance.param.kind) + (instance.param.scatters ? "_scattered_" : "_") +
                                  (instance.param.resets_before ? "reset_before_" : "") +
                                  to_string(instance.param.dtype);
                         });

}  // namespace
}  // namespace rondo::test
