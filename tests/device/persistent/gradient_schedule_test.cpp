// Threads of a GPU run in any order. Gradients have equal bits in every order. Under the thread sanitizer these are the
// races of the kernels of clusters.

#include <gtest/gtest.h>

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

/// A small recurrence with ragged rows and resets, so that many orders can be tried.
RandomRecurrence recurrence(CellKind kind, const Numbers& numbers, std::int64_t B) {
  Random random(static_cast<std::uint64_t>(kind) + 1);
  RandomRecurrence recurrence = random_recurrence(random, {.units = 36, .B = B, .T = 5, .I = 3, .plain_cell = true});
  RecurrenceSpec& spec = recurrence.spec;
  spec.cell.kind = kind;
  spec.cell.reset_after = true;
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
  for (const CellKind cell : {CellKind::lstm, CellKind::gru}) {
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
    const RandomRecurrence exact = recurrence(CellKind::lstm, {DType::bf16}, 3);
    const auto executors = persistent_backward_alternatives(exact.spec, properties_of(cuda(0)), kind);
    ASSERT_FALSE(executors.empty());
    for (const auto& executor : executors) {
      if (!executor->name().ends_with("_scattered")) expect_same_bits(exact, *executor);
    }
  }
}

}  // namespace
}  // namespace rondo::test
