// Threads of a GPU run in any order. Gradients have equal bits in every order. Under the thread sanitizer these are the
// races of the kernels.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cuda/stepwise/stepwise_executor.h"
#include "device/simt/executor.h"
#include "plan/planner.h"
#include "support/compare.h"
#include "support/gradient_run.h"
#include "support/persistent_candidates.h"

namespace rondo::test {
namespace {

struct Numbers {
  DType dtype;
  MatrixMath math = MatrixMath::strict;
};

const CellSpec kLstm{.kind = CellKind::lstm};
const CellSpec kGru{.kind = CellKind::gru};
const CellSpec kResetBefore{.kind = CellKind::gru, .reset_after = false};

/// A small recurrence with ragged rows and resets, so that many orders can be tried.
RandomRecurrence recurrence(const CellSpec& cell, const Numbers& numbers, std::int64_t B) {
  const CellKind kind = cell.kind;
  Random random(static_cast<std::uint64_t>(kind) + 1);
  RandomRecurrence recurrence = random_recurrence(random, {.units = 36, .B = B, .T = 5, .I = 3, .plain_cell = true});
  RecurrenceSpec& spec = recurrence.spec;
  spec.cell.kind = kind;
  spec.cell.reset_after = cell.reset_after;
  spec.cell.use_bias = false;
  spec.has_mask = false;
  spec.has_lengths = true;
  recurrence.mask.reset();
  recurrence.initial_state.clear();
  const std::int64_t columns = 36 * gate_count(kind);
  recurrence.weights = {random.tensor({3, columns}, 0.3), random.tensor({36, columns}, 0.1), {}};
  recurrence.x = random.tensor({5, B, 3}, 1.0);
  std::vector<std::int32_t> lengths{5, 0};
  for (std::int64_t b = 2; b < B; ++b) lengths.push_back(static_cast<std::int32_t>(3 + b % 3));
  recurrence.lengths = Tensor::from(lengths, {B});
  draw_resets(random, recurrence);
  recurrence.reset_state.clear();
  spec.dtype = numbers.dtype;
  spec.math = numbers.math;
  spec.device = cuda(0);
  spec.keep = Keep::gates;
  return recurrence;
}

/// Expects equal bits of one executor's gradients in a few orders.
void expect_same_bits(const RandomRecurrence& recurrence, const Executor& executor) {
  SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor.name()));
  Random random(3);
  const Upstream upstream = rounded(random_upstream(random, recurrence), recurrence.spec.dtype);
  const Plan plan = plan_for(stepwise_executor(), executor, recurrence.spec, properties_of(cuda(0)));
  const Gradients expected = gradients_of(plan, recurrence, upstream);
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const simt::ShuffledSchedule shuffled(seed);
    const Gradients actual = gradients_of(plan, recurrence, upstream);
    EXPECT_TRUE(identical(actual.x, expected.x)) << "order " << seed;
    EXPECT_TRUE(identical(*actual.weights.recurrent_kernel, *expected.weights.recurrent_kernel)) << "order " << seed;
  }
}

TEST(GradientThreadsInAnyOrder, WriteTheSameBitsWhereBlocksScatter) {
  for (const CellSpec& cell : {kLstm, kGru}) {
    for (const Numbers numbers : {Numbers{DType::bf16}, Numbers{DType::f32}, Numbers{DType::f32, MatrixMath::tf32}}) {
      const RandomRecurrence exact = recurrence(cell, numbers, 9);
      const auto executors = scattered_gradients(exact.spec, properties_of(cuda(0)));
      ASSERT_FALSE(executors.empty());
      for (const auto& executor : executors) expect_same_bits(exact, *executor);
    }
  }
}

TEST(GradientThreadsInAnyOrder, WriteTheSameBitsWhereBlocksGather) {
  for (const PersistentKind kind : {PersistentKind::block, PersistentKind::cluster}) {
    const RandomRecurrence exact = recurrence(kLstm, {DType::bf16}, 3);
    const auto executors = persistent_backward_alternatives(exact.spec, properties_of(cuda(0)), kind);
    ASSERT_FALSE(executors.empty());
    for (const auto& executor : executors) {
      if (!executor->name().ends_with("_scattered")) expect_same_bits(exact, *executor);
    }
  }
}

TEST(GradientThreadsInAnyOrder, WriteTheSameBitsWhereTheCandidateHasAProductOfItsOwn) {
  for (const PersistentKind kind : {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid}) {
    for (const Numbers numbers : {Numbers{DType::bf16}, Numbers{DType::f32}, Numbers{DType::f32, MatrixMath::tf32}}) {
      const RandomRecurrence exact = recurrence(kResetBefore, numbers, 3);
      const auto executors = persistent_backward_alternatives(exact.spec, properties_of(cuda(0)), kind);
      ASSERT_FALSE(executors.empty());
      for (const auto& executor : executors) expect_same_bits(exact, *executor);
    }
  }
}

/// A team of a grid has more rows than a product takes: dG of some rows is pushed while other rows are multiplied.
TEST(GradientPassesInAnyOrder, WriteTheSameBits) {
  for (const CellSpec& cell : {kLstm, kResetBefore}) {
    for (const DType dtype : {DType::bf16, DType::f32}) {
      const std::int64_t rows = dtype == DType::f32 ? 12 : 20;
      const RandomRecurrence exact = recurrence(cell, {dtype}, rows);
      const auto executors = persistent_backward_alternatives(exact.spec, properties_of(cuda(0)), PersistentKind::grid);
      const std::string all_rows = "_" + std::to_string(rows) + "rows_";
      const auto found = std::ranges::find_if(
          executors, [&](const auto& executor) { return executor->name().find(all_rows) != std::string_view::npos; });
      ASSERT_NE(found, executors.end());
      expect_same_bits(exact, **found);
    }
  }
}

}  // namespace
}  // namespace rondo::test
