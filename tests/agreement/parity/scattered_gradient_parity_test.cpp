// Gradients by clusters whose blocks scatter sums of dh, in every shape that there is, against the reference in f64.

#include <gtest/gtest.h>

#include <algorithm>

#include "agreement/parity/gradient_precisions.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "plan/planner.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/gradient_run.h"
#include "support/packed_run.h"
#include "support/persistent_candidates.h"

namespace rondo::test {
namespace {

/// A random recurrence of a cell for which there are kernels, in a precision on the device, that keeps something.
RandomRecurrence recurrence_of(std::uint64_t seed, const Precision& precision, WantedSizes sizes) {
  Random random(seed);
  sizes.plain_cell = true;
  RandomRecurrence recurrence = random_recurrence(random, sizes);
  const auto scatters = [](const CellSpec& cell) {
    return cell.kind == CellKind::lstm || (cell.kind == CellKind::gru && cell.reset_after);
  };
  while (!scatters(recurrence.spec.cell)) recurrence = random_recurrence(random, sizes);
  return on_device(std::move(recurrence), precision, random);
}

Plan plan_of(const RecurrenceSpec& spec, const Executor& backward) {
  return plan_for(stepwise_executor(), backward, spec, properties_of(spec.device));
}

/// Calls check(recurrence, executor) for one shape of each recurrence, a different one each time.
template <typename Check>
int for_shapes(const std::vector<WantedSizes>& sizes, int repeats, const Check& check) {
  int shapes = 0;
  std::uint64_t seed = 0;
  for (const WantedSizes& wanted : sizes) {
    for (const Precision& precision : kPrecisions) {
      for (int repeat = 0; repeat < repeats && !::testing::Test::HasFailure(); ++repeat) {
        const RandomRecurrence recurrence = recurrence_of(++seed, precision, wanted);
        const auto executors = scattered_gradients(recurrence.spec, properties_of(recurrence.spec.device));
        if (executors.empty()) continue;
        const auto& executor = executors[seed % executors.size()];
        SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()) + ", seed " +
                     std::to_string(seed));
        check(recurrence, precision, *executor);
        ++shapes;
      }
    }
  }
  return shapes;
}

void expect_near_the_oracle(const RandomRecurrence& recurrence, const Precision& precision, const Executor& executor) {
  Random random(1);
  const Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
  expect_near(gradients_of(plan_of(recurrence.spec, executor), recurrence, upstream),
              oracle_gradients(recurrence, upstream), upstream, precision.tolerance);
}

/// Units and rows are around the sizes of chunks, quads of lanes, tiles and blocks.
TEST(ScatteredGradientParity, HazardousSizes) {
  const std::vector<WantedSizes> sizes{{.units = 17, .B = 1},  {.units = 23, .B = 33}, {.units = 24, .B = 8},
                                       {.units = 31, .B = 5},  {.units = 33, .B = 17}, {.units = 48, .B = 3},
                                       {.units = 50, .B = 18}, {.units = 64, .B = 9},  {.units = 97, .B = 16},
                                       {.units = 130, .B = 6}};
  EXPECT_GT(for_shapes(sizes, 2, expect_near_the_oracle), 70);
}

/// Clusters of 16 blocks, and warps with sums of 64 units.
TEST(ScatteredGradientParity, LargeClusters) {
  const std::vector<WantedSizes> sizes{{.units = 250, .B = 3, .T = 4}, {.units = 258, .B = 5, .T = 4}};
  EXPECT_EQ(for_shapes(sizes, 1, expect_near_the_oracle), 8);
}

/// For a tool that takes a hundred times as long.
TEST(ScatteredGradientParity, UnderASanitizer) {
  EXPECT_EQ(for_shapes({{.units = 18, .B = 3, .T = 4}, {.units = 35, .B = 9, .T = 5}}, 1, expect_near_the_oracle), 8);
}

TEST(ScatteredGradientParity, OfPackedBatches) {
  int packed = 0;
  for (std::uint64_t seed = 1; packed < 20 && !HasFailure(); ++seed) {
    const Precision& precision = kPrecisions[seed % std::size(kPrecisions)];
    const auto drawn = static_cast<std::int64_t>(seed);
    RandomRecurrence recurrence = recurrence_of(seed, precision, {.units = 17 + drawn % 30, .B = 1 + drawn % 9});
    if (!can_be_packed(recurrence.spec)) continue;
    Random random(seed);
    draw_longest_row(random, recurrence);
    const RecurrenceSpec spec = packed_spec(recurrence);
    const auto executors = scattered_gradients(spec, properties_of(spec.device));
    if (executors.empty()) continue;
    const auto& executor = executors[seed % executors.size()];
    SCOPED_TRACE(to_string(spec) + ", " + std::string(executor->name()));
    Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
    const Packing packing{.by_index = random.coin(), .sizes_on_host = random.coin()};
    const Gradients actual = packed_gradients(plan_of(spec, *executor), recurrence, upstream, packing);
    const Gradients expected = packed_gradients(plan_of(spec, stepwise_executor()), recurrence, upstream, packing);
    expect_near(actual, expected, upstream, 2 * precision.tolerance);
    ++packed;
  }
}

/// A repeated backward, which is recorded and then replayed, has the same bits. So has a row whose batch-mates differ.
TEST(ScatteredGradientParity, RepeatsAndBatchMatesNeverMatter) {
  const auto check = [](const RandomRecurrence& recurrence, const Precision& precision, const Executor& executor) {
    Random random(2);
    Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
    const Plan plan = plan_of(recurrence.spec, executor);
    Session session(plan, recurrence.weights.map(
                              [&](const Tensor& weight) { return weight.to(precision.dtype).to(plan.spec().device); }));
    SessionTensors run = run_tensors(plan, recurrence);
    session.run(run);
    const SessionGradients once = unwritten_gradients(plan, recurrence, upstream);
    session.backward(run, once);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const SessionGradients again = unwritten_gradients(plan, recurrence, upstream);
      session.backward(run, again);
      EXPECT_TRUE(identical(again.x->to(cpu()), once.x->to(cpu())));
      EXPECT_TRUE(identical(again.weights.recurrent_kernel->to(cpu()), once.weights.recurrent_kernel->to(cpu())));
    }
    const std::int64_t row = recurrence.spec.B / 2;
    const std::int64_t mates = recurrence.spec.B - row - 1;
    run.x.slice(1, row + 1, row + 1 + mates).fill(0.25);
    session.run(run);
    const SessionGradients others = unwritten_gradients(plan, recurrence, upstream);
    session.backward(run, others);
    EXPECT_TRUE(
        identical(others.x->select(1, row).to(cpu()).contiguous(), once.x->select(1, row).to(cpu()).contiguous()));
    EXPECT_TRUE(identical(others.initial_state[0].select(0, row).to(cpu()).contiguous(),
                          once.initial_state[0].select(0, row).to(cpu()).contiguous()));
    EXPECT_FALSE(session.finish().gradients_stalled);
  };
  EXPECT_GT(for_shapes({{.units = 20, .B = 5}, {.units = 45, .B = 9}}, 5, check), 30);
}

}  // namespace
}  // namespace rondo::test
