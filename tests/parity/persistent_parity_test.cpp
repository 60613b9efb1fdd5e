// Every way in which the persistent kernels can share out a recurrence, against the reference in double precision: the
// planner takes the one that it expects to be fastest, and these are all right.

#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/persistent_plan.h"
#include "parity/device_run.h"
#include "property/seeds.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr PersistentKind kKinds[] = {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};

struct Numbers {
  DType dtype;
  MatrixMath math = MatrixMath::strict;
};
constexpr Numbers kNumbers[] = {
    {DType::f32}, {DType::f32, MatrixMath::tf32}, {DType::f32, MatrixMath::tf32x3}, {DType::f16}, {DType::bf16}};

using Executors = std::vector<std::unique_ptr<const Executor>>;

Executors alternatives(const RandomRecurrence& recurrence, const DeviceRun& run, PersistentKind kind) {
  return persistent_alternatives(spec_on_device(recurrence.spec, run), properties_of(run.device), kind);
}

DeviceRun run_in(const Numbers& numbers, PersistentKind kind, std::uint64_t layout_seed) {
  return {.how = {"cuda_" + to_string(kind), numbers.dtype, numbers.math},
          .device = device_under_test(),
          .layout_seed = layout_seed};
}

/// A plan of a kind in each dtype; how many there were.
int check(const RandomRecurrence& recurrence, PersistentKind kind, std::uint64_t seed) {
  Random random(seed);
  int count = 0;
  for (const Numbers& numbers : kNumbers) {
    DeviceRun run = run_in(numbers, kind, seed);
    const Executors executors = alternatives(recurrence, run, kind);
    if (executors.empty()) continue;
    const auto any = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(executors.size()) - 1));
    run.executor = executors[any].get();
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(run.executor->name()));
    expect_parity(recurrence, run);
    ++count;
  }
  return count;
}

/// A recurrence of these sizes; all else is drawn.
RandomRecurrence recurrence_of(Random& random, std::int64_t H, std::int64_t B) {
  return random_recurrence(random, {.units = H, .B = B, .plain_cell = true});
}

class PersistentParity : public ::testing::TestWithParam<PersistentKind> {};

/// Units and rows around the sizes of tiles, chunks and blocks.
TEST_P(PersistentParity, HazardousSizes) {
  struct Size {
    std::int64_t H;
    std::int64_t B;
  };
  int plans = 0;
  std::uint64_t seed = 0;
  for (const Size size : {Size{1, 1}, Size{7, 9}, Size{8, 8}, Size{15, 2}, Size{16, 16}, Size{17, 1}, Size{31, 5},
                          Size{33, 17}, Size{48, 3}, Size{50, 18}, Size{64, 8}, Size{23, 33}, Size{40, 64}}) {
    for (int repeat = 0; repeat < 6; ++repeat) {
      Random random(++seed);
      plans += check(recurrence_of(random, size.H, size.B), GetParam(), seed);
    }
  }
  EXPECT_GT(plans, 100);
}

/// The first way to share out that reads a part of the weights in every step, on a device with little shared memory.
std::unique_ptr<const Executor> streaming(const RandomRecurrence& recurrence, const DeviceRun& run) {
  DeviceProperties properties = properties_of(run.device);
  properties.processors = std::max(16, properties.processors);
  for (properties.shared_bytes_per_block = 20 << 10; properties.shared_bytes_per_block < 200 << 10;
       properties.shared_bytes_per_block += 8 << 10) {
    const RecurrenceSpec spec = spec_on_device(recurrence.spec, run);
    for (auto& executor : persistent_alternatives(spec, properties, PersistentKind::grid)) {
      if (executor->name().find("streamed") != std::string_view::npos) return std::move(executor);
    }
  }
  return nullptr;
}

TEST(StreamedWeights, EqualTheReferenceInDouble) {
  struct Case {
    std::int64_t H;
    std::int64_t B;
    Numbers numbers;
  };
  const Numbers tf32{DType::f32, MatrixMath::tf32};
  const Numbers tf32x3{DType::f32, MatrixMath::tf32x3};
  std::uint64_t seed = 0;
  int streamed = 0;
  for (const Case& drawn :
       {Case{470, 1, {DType::f32}}, Case{470, 9, {DType::f32}}, Case{500, 19, {DType::f32}}, Case{470, 1, tf32},
        Case{470, 11, tf32}, Case{500, 30, tf32}, Case{470, 3, tf32x3}, Case{500, 30, tf32x3},
        Case{900, 1, {DType::bf16}}, Case{900, 20, {DType::bf16}}, Case{900, 9, {DType::f16}}}) {
    for (const CellKind cell : {CellKind::lstm, CellKind::gru}) {
      Random random(++seed);
      RandomRecurrence recurrence;
      do {
        recurrence = recurrence_of(random, drawn.H, drawn.B);
      } while (recurrence.spec.cell.kind != cell || recurrence.spec.T < 2);
      DeviceRun run = run_in(drawn.numbers, PersistentKind::grid, 1);
      const auto executor = streaming(recurrence, run);
      if (executor == nullptr) continue;  // 16-bit weights of so few units fit the blocks of a small device
      SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
      run.executor = executor.get();
      expect_parity(recurrence, run);
      ++streamed;
    }
  }
  EXPECT_GE(streamed, 10);
}

TEST_P(PersistentParity, EqualsTheReferenceInDouble) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = random_recurrence(random);
    check(recurrence, GetParam(), seed);
  });
}

/// Whatever the planner chooses: what shares its batch never changes a row's bits, nor does a second run.
TEST_P(PersistentParity, BatchMatesAndRepeatsNeverMatter) {
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    Random random(seed);
    const RandomRecurrence recurrence = recurrence_of(random, 20 + static_cast<std::int64_t>(seed) * 5, 11);
    RandomRecurrence other = recurrence;
    other.x = recurrence.x.clone();
    other.x.slice(1, 1, other.spec.B).fill(0.25);
    for (const Numbers& numbers : kNumbers) {
      DeviceRun run = run_in(numbers, GetParam(), seed);
      const Executors executors = alternatives(recurrence, run, GetParam());
      run.executor = executors.front().get();
      SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(run.executor->name()));
      const RunResult before = run_on_device(recurrence, run);
      const RunResult after = run_on_device(other, run);
      EXPECT_TRUE(identical(after.last_output.select(0, 0), before.last_output.select(0, 0)));
      run.repeats = 3;
      EXPECT_TRUE(identical(run_on_device(recurrence, run).last_output, before.last_output));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, PersistentParity, ::testing::ValuesIn(kKinds),
                         [](const auto& instance) { return to_string(instance.param); });

}  // namespace
}  // namespace rondo::test
