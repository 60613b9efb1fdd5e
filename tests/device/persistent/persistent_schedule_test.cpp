// Threads of a GPU run in any order. A run writes equal bits in every order.

#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "device/simt/executor.h"
#include "support/compare.h"
#include "support/device_run.h"

namespace rondo::test {
namespace {

constexpr PersistentKind kKinds[] = {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};

/// A small recurrence, so that many orders can be tried: two blocks of a team, two of its warps along k, ragged rows.
RandomRecurrence recurrence(CellKind kind, std::int64_t B) {
  Random random(static_cast<std::uint64_t>(kind) + 1);
  // I = 44 gives inputs to more than one warp where the kernel multiplies x.
  RandomRecurrence recurrence = random_recurrence(random, {.units = 24, .B = B, .I = 44, .plain_cell = true});
  recurrence.spec.cell.kind = kind;
  recurrence.spec.cell.reset_after = false;
  recurrence.spec.cell.use_bias = false;
  recurrence.spec.T = 5;
  recurrence.spec.has_mask = false;
  recurrence.spec.has_lengths = true;
  recurrence.mask.reset();
  recurrence.initial_state.clear();
  const std::int64_t columns = 24 * gate_count(kind);
  recurrence.weights = {random.tensor({recurrence.spec.I, columns}, 0.3), random.tensor({24, columns}, 0.04), {}};
  recurrence.x = random.tensor({5, B, recurrence.spec.I}, 1.0);
  std::vector<std::int32_t> lengths{5, 0};
  for (std::int64_t b = 2; b < B; ++b) lengths.push_back(static_cast<std::int32_t>(3 + b % 3));
  recurrence.lengths = Tensor::from(lengths, {B});
  draw_resets(random, recurrence);
  recurrence.reset_state.clear();
  return recurrence;
}

/// Expects equal bits of one executor's run in a few orders.
void expect_same_bits(const RandomRecurrence& exact, const DeviceRun& run) {
  SCOPED_TRACE(to_string(exact.spec) + ", " + std::string(run.executor->name()));
  const RunResult expected = run_on_device(exact, run);
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const simt::ShuffledSchedule shuffled(seed);
    EXPECT_TRUE(identical(run_on_device(exact, run).last_output, expected.last_output)) << "order " << seed;
  }
}

struct Numbers {
  DType dtype;
  MatrixMath math = MatrixMath::strict;
};

class ThreadsInAnyOrder : public ::testing::TestWithParam<PersistentKind> {};

TEST_P(ThreadsInAnyOrder, WriteTheSameBits) {
  for (const CellKind cell : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru, CellKind::mgu}) {
    for (const Numbers numbers : {Numbers{DType::bf16}, Numbers{DType::f32}, Numbers{DType::f32, MatrixMath::tf32},
                                  Numbers{DType::f32, MatrixMath::tf32x3}}) {
      const RandomRecurrence exact = recurrence(cell, 3);
      DeviceRun run{.how = {name_of(GetParam()), numbers.dtype, numbers.math}, .device = cuda(0)};
      const auto executors =
          persistent_alternatives(spec_on_device(exact.spec, run), properties_of(run.device), GetParam());
      ASSERT_FALSE(executors.empty());
      for (const auto& executor : executors) {
        run.executor = executor.get();
        expect_same_bits(exact, run);
      }
    }
  }
}

/// A team of a grid has more rows than a product takes: h of some rows is pushed while other rows are multiplied.
TEST(PassesInAnyOrder, WriteTheSameBits) {
  for (const CellKind cell : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const DType dtype : {DType::bf16, DType::f32}) {
      const RandomRecurrence exact = recurrence(cell, 20);
      DeviceRun run{.how = {"cuda_grid", dtype}, .device = cuda(0)};
      const auto executors =
          persistent_alternatives(spec_on_device(exact.spec, run), properties_of(run.device), PersistentKind::grid);
      const auto all_rows = std::ranges::find_if(
          executors, [](const auto& executor) { return executor->name().find("_20rows_") != std::string_view::npos; });
      ASSERT_NE(all_rows, executors.end());
      run.executor = all_rows->get();
      expect_same_bits(exact, run);
    }
  }
}

/// An executor with sums in one place. The planner uses one place where room for a second would make weights stream, so
/// this searches for a size of shared memory at which that is so.
std::unique_ptr<const Executor> with_sums_in_one_place(const RecurrenceSpec& spec, DeviceProperties properties) {
  for (properties.shared_bytes_per_block = 2 << 10; properties.shared_bytes_per_block < 64 << 10;
       properties.shared_bytes_per_block += 1 << 10) {
    const std::vector<PersistentPlan> plans = persistent_plans(spec, properties, PersistentKind::grid);
    const auto found = std::ranges::find_if(
        plans, [&](const PersistentPlan& plan) { return plan.shape.sum_places == 1 && plan.shape.rows == spec.B; });
    if (found == plans.end()) continue;
    auto executors = persistent_alternatives(spec, properties, PersistentKind::grid);
    return std::move(executors[static_cast<std::size_t>(found - plans.begin())]);
  }
  return nullptr;
}

/// A warp may reach its next product while another warp still reads the sums of the last. The thread sanitizer shows
/// that the first warp waits.
TEST(SumsInOnePlaceInAnyOrder, WriteTheSameBits) {
  for (const CellKind cell : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const Numbers numbers : {Numbers{DType::bf16}, Numbers{DType::f32, MatrixMath::tf32}}) {
      const RandomRecurrence exact = recurrence(cell, 20);
      DeviceRun run{.how = {"cuda_grid", numbers.dtype, numbers.math}, .device = cuda(0)};
      const auto executor = with_sums_in_one_place(spec_on_device(exact.spec, run), properties_of(run.device));
      ASSERT_NE(executor, nullptr) << to_string(exact.spec);
      run.executor = executor.get();
      expect_same_bits(exact, run);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ThreadsInAnyOrder, ::testing::ValuesIn(kKinds),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace rondo::test
