// Which kernel computes the gradients of a recurrence.

#include <gtest/gtest.h>

#include <set>

#include "device/persistent/planned.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

RecurrenceSpec keeping(RecurrenceSpec spec) {
  spec.keep = Keep::gates;
  return spec;
}

/// The part of explain() that is about gradients.
std::string gradients_of(const Plan& plan) {
  const std::string text = plan.explain();
  return text.substr(text.find("\n  gradients:"));
}

/// A block that scatters multiplies dG of its own units for all units of the layer.
void expect_scattered(const PersistentShape& shape, DType dtype) {
  EXPECT_EQ(shape.kind, PersistentKind::cluster);
  EXPECT_EQ(shape.k_warps, 1);
  EXPECT_EQ(shape.pushed_tiles() * device::kTileWords * 4, shape.units() * static_cast<int>(size_of(dtype)));
  EXPECT_GE(shape.warps() * shape.octets * kOctetUnits, shape.H) << "some warp has the sums of each unit";
  EXPECT_GE(shape.threads(), kScatterUnitThreads * shape.units()) << "a thread has registers for its rows";
  EXPECT_LE(shape.threads(), kPersistentThreads);
}

TEST(BackwardPlan, EveryShapeIsOfGradientsAndFits) {
  int count = 0;
  int scattered = 0;
  for (const DeviceProperties& properties : {h200(), a100(), slice()}) {
    for (const PersistentKind kind : kKinds) {
      for (const auto& [H, B] : {std::pair{8, 1}, std::pair{40, 3}, std::pair{72, 9}, std::pair{256, 16},
                                 std::pair{768, 16}, std::pair{1024, 64}}) {
        for (const DType dtype : {DType::f32, DType::bf16}) {
          const RecurrenceSpec spec = keeping(lstm(H, B, dtype));
          std::set<std::string> names;
          for (const PersistentPlan& plan : unsorted_persistent_plans(spec, properties, kind, Pass::backward)) {
            const PersistentShape& shape = plan.shape;
            SCOPED_TRACE(to_string(spec) + ", " + in_words(plan));
            ++count;
            EXPECT_TRUE(names.insert(candidate_name(shape)).second) << "another candidate has this name";
            EXPECT_EQ(shape.pushed_gates, 4);
            EXPECT_FALSE(shape.multiplies_inputs());
            EXPECT_EQ(shape.k_tiles, 4 * shape.pushed_tiles());
            EXPECT_GE(shape.blocks * shape.units(), H);
            EXPECT_LE(plan.bytes.shared, properties.shared_bytes_per_block);
            if (shape.scatters()) {
              ++scattered;
              expect_scattered(shape, dtype);
              continue;
            }
            EXPECT_GE(shape.pushed_tiles() * device::kTileWords * 4, H * static_cast<int>(size_of(dtype)));
            EXPECT_GE(shape.blocks * shape.units() * static_cast<int>(size_of(dtype)),
                      shape.pushed_tiles() * device::kTileWords * 4)
                << "some block pushes each word";
            EXPECT_LE(shape.teams * (kind == PersistentKind::grid ? shape.blocks : 0), properties.processors);
          }
        }
      }
    }
  }
  EXPECT_GT(count, 500);
  EXPECT_GT(scattered, 50);
}

TEST(BackwardPlan, IsChosenAndExplained) {
  const Plan plan = Plan::create(keeping(lstm(768, 16, DType::f16, 1024)), h200());
  EXPECT_EQ(plan.backward_executor_name(), "cuda_persistent");
  EXPECT_TRUE(plan.may_stall());
  EXPECT_NE(gradients_of(plan).find("grid kernel"), std::string::npos) << plan.explain();
  EXPECT_NE(gradients_of(plan).find("without the products of whole sequences"), std::string::npos) << plan.explain();
}

/// Of four gates the sums of dh are half of the bytes of dG in 16 bits, and a quarter in TF32. Where the bytes are as
/// many, there are no such kernels.
TEST(BackwardPlan, ScattersSumsWhereTheyAreFewerBytes) {
  RecurrenceSpec spec = keeping(lstm(512, 16, DType::f32, 1024));
  spec.math = MatrixMath::tf32;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    spec.dtype = dtype;
    const Plan plan = Plan::create(spec, h200());
    EXPECT_EQ(plan.backward_executor_name(), "cuda_persistent");
    EXPECT_NE(gradients_of(plan).find("blocks send each other sums of dh"), std::string::npos) << plan.explain();
    EXPECT_NE(gradients_of(plan).find("_scattered"), std::string::npos) << plan.explain();
    EXPECT_TRUE(plan.may_stall());
  }
  for (const CellKind cell : {CellKind::simple_rnn, CellKind::mgu}) {
    spec.cell.kind = cell;
    for (const auto& plan : unsorted_persistent_plans(spec, h200(), PersistentKind::cluster, Pass::backward)) {
      EXPECT_FALSE(plan.shape.scatters());
    }
  }
}

/// A GRU that resets before its product exchanges dG of two gates, and then that of the candidate. k counts the units
/// of one gate.
TEST(BackwardPlan, ExchangesTwiceWhereTheCandidateHasAProductOfItsOwn) {
  RecurrenceSpec spec = keeping(lstm(512, 16, DType::f16, 1024));
  spec.cell = {.kind = CellKind::gru, .units = 512, .reset_after = false};
  const Plan plan = Plan::create(spec, h200());
  EXPECT_EQ(plan.backward_executor_name(), "cuda_persistent") << plan.explain();
  EXPECT_NE(gradients_of(plan).find("blocks send each other dG twice in a step"), std::string::npos) << plan.explain();
  for (const PersistentKind kind : kKinds) {
    RecurrenceSpec once = spec;
    once.cell.units = kind == PersistentKind::block ? 64 : 512;
    RecurrenceSpec twice = once;
    once.cell.reset_after = true;
    const auto plans = unsorted_persistent_plans(twice, h200(), kind, Pass::backward);
    EXPECT_FALSE(plans.empty());
    for (const PersistentPlan& of_two : plans) {
      SCOPED_TRACE(in_words(of_two));
      EXPECT_TRUE(of_two.shape.candidate_apart);
      EXPECT_FALSE(of_two.shape.scatters());
      EXPECT_EQ(of_two.shape.pushed_gates, 3);
      EXPECT_EQ(of_two.shape.k_tiles, of_two.shape.pushed_tiles());
      EXPECT_EQ(of_two.shape.row_words(), 2 * of_two.shape.k_tiles * device::kTileWords);
      for (const PersistentPlan& of_one : unsorted_persistent_plans(once, h200(), kind, Pass::backward)) {
        if (candidate_name(of_one.shape) != candidate_name(of_two.shape)) continue;
        EXPECT_GT(of_two.step_ns, of_one.step_ns) << "two exchanges take longer than one";
      }
    }
  }
}

TEST(BackwardPlan, NeverWaitsTakesKernelsThatDoNot) {
  const Plan plan = Plan::create(keeping(lstm(768, 16, DType::f16, 1024)), h200(), {.never_waits = true});
  EXPECT_EQ(plan.backward_executor_name(), "cuda_stepwise");
  EXPECT_FALSE(plan.may_stall());
}

TEST(BackwardPlan, DeclinesWithAReason) {
  const auto declines = [](const RecurrenceSpec& spec, const std::string& reason) {
    const Plan plan = Plan::create(spec, h200());
    EXPECT_EQ(plan.backward_executor_name(), "cuda_stepwise");
    EXPECT_NE(gradients_of(plan).find("cuda_persistent declined: " + reason), std::string::npos) << plan.explain();
  };
  RecurrenceSpec threefold = keeping(lstm(256, 16, DType::f32));
  threefold.math = MatrixMath::tf32x3;
  declines(threefold, "its gradients have no products of three TF32");
  declines(keeping(lstm(256, 16, DType::f64)), "it computes in f32, f16 and bf16 alone");
  RecurrenceSpec peepholes = keeping(lstm(256, 16));
  peepholes.cell.use_peepholes = true;
  declines(peepholes, "its LSTM has no peepholes, no cell clip and no projection");
}

}  // namespace
}  // namespace rondo::test
