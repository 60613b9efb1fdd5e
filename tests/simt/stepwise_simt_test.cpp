// The kernels of the stepwise executor, run on the host under shuffled schedules, against the reference in double
// precision: over random recurrences and over the shapes that are most likely to go wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "property/seeds.h"
#include "simt/executor.h"
#include "simt/stepwise_loop.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

/// A dtype and the error it may have, relative to the largest value that a run reads or writes.
struct Precision {
  DType dtype;
  double tolerance;
};

constexpr Precision kPrecisions[] = {{DType::f32, 1e-5}, {DType::f16, 2e-3}, {DType::bf16, 1e-2}};

/// All numbers rounded to `dtype`, so that what is left of the error is the kernels' own.
RandomRecurrence rounded(RandomRecurrence recurrence, DType dtype) {
  const auto round = [&](Tensor& tensor) { tensor = tensor.to(dtype).to(DType::f32); };
  round(recurrence.x);
  round(recurrence.weights.kernel);
  round(recurrence.weights.recurrent_kernel);
  if (recurrence.weights.bias) round(*recurrence.weights.bias);
  std::ranges::for_each(recurrence.initial_state, round);
  return recurrence;
}

void expect_identical(const RunResult& actual, const RunResult& expected) {
  if (actual.y.defined()) {
    EXPECT_TRUE(identical(actual.y, expected.y));
  }
  EXPECT_TRUE(identical(actual.last_output, expected.last_output));
  for (std::size_t k = 0; k < expected.final_state.size(); ++k) {
    EXPECT_TRUE(identical(actual.final_state[k], expected.final_state[k]));
  }
}

RunResult run_shuffled(const RandomRecurrence& recurrence, DType dtype, std::uint64_t layout_seed,
                       std::uint64_t schedule_seed) {
  const simt::ShuffledSchedule schedule(schedule_seed);
  return run_stepwise(recurrence, dtype, layout_seed);
}

/// In every dtype, the reference's numbers; under two schedules, the same bits.
void check(const RandomRecurrence& recurrence, std::uint64_t seed) {
  SCOPED_TRACE(to_string(recurrence.spec));
  for (const auto& [dtype, tolerance] : kPrecisions) {
    SCOPED_TRACE(to_string(dtype));
    const RandomRecurrence exact = rounded(recurrence, dtype);
    const RunResult expected = run_on("reference", exact, DType::f64);
    const RunResult actual = run_shuffled(exact, dtype, seed, seed);
    expect_close(actual, expected, tolerance * scale_of(exact, expected));
    expect_identical(run_shuffled(exact, dtype, seed, seed + 1), actual);
  }
}

TEST(StepwiseSimt, EqualsTheReferenceInDouble) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    check(random_recurrence(random), seed);
  });
}

std::int64_t live_rows(const RandomRecurrence& recurrence) {
  std::int64_t count = 0;
  for (std::int64_t b = 0; b < recurrence.spec.B; ++b) {
    if (largest_magnitude(recurrence.live.select(1, b)) > 0.0) ++count;
  }
  return count;
}

struct Hazard {
  const char* name;
  std::function<bool(const RandomRecurrence&)> holds;
};

void PrintTo(const Hazard& hazard, std::ostream* stream) { *stream << hazard.name; }

class StepwiseHazard : public ::testing::TestWithParam<Hazard> {};

TEST_P(StepwiseHazard, EqualsTheReferenceInDouble) {
  constexpr int kRecurrences = 20;
  int found = 0;
  for (std::uint64_t seed = 0; found < kRecurrences && !HasFailure(); ++seed) {
    Random random(seed);
    const RandomRecurrence recurrence = random_recurrence(random);
    if (!GetParam().holds(recurrence)) continue;
    ++found;
    check(recurrence, seed);
  }
}

using Run = RandomRecurrence;
INSTANTIATE_TEST_SUITE_P(
    Shapes, StepwiseHazard,
    ::testing::Values(
        Hazard{"OneRow", [](const Run& run) { return run.spec.B == 1; }},
        Hazard{"OneStep", [](const Run& run) { return run.spec.T == 1; }},
        Hazard{"NoStep", [](const Run& run) { return run.spec.T == 0; }},
        Hazard{"NoRow", [](const Run& run) { return run.spec.B == 0; }},
        Hazard{"OneUnit", [](const Run& run) { return run.spec.cell.units == 1; }},
        Hazard{"PacksOfUnits", [](const Run& run) { return run.spec.cell.units % 4 == 0; }},
        Hazard{"UnitsNoMultipleOfPacks",
               [](const Run& run) { return run.spec.cell.units > 4 && run.spec.cell.units % 4 != 0; }},
        Hazard{"AllRowsDead", [](const Run& run) { return run.spec.T > 1 && run.spec.B > 1 && live_rows(run) == 0; }},
        Hazard{"OneRowLive", [](const Run& run) { return run.spec.T > 1 && run.spec.B > 1 && live_rows(run) == 1; }}),
    [](const auto& instance) { return std::string(instance.param.name); });

/// More units than a block has threads, and more rows.
TEST(StepwiseSimt, SeveralBlocks) {
  struct Size {
    std::int64_t B;
    std::int64_t H;
  };
  for (const Size size : {Size{2, 132}, Size{2, 133}, Size{2, 520}, Size{150, 3}, Size{300, 4}}) {
    Random random(1);
    RandomRecurrence recurrence;
    recurrence.spec = {.cell = {.units = size.H}, .T = 2, .B = size.B, .I = 3, .has_lengths = true};
    recurrence.weights = {random.tensor({3, 4 * size.H}, 1.0),
                          random.tensor({size.H, 4 * size.H}, 1.0 / static_cast<double>(size.H)),
                          random.tensor({4 * size.H}, 0.5)};
    recurrence.x = random.tensor({2, size.B, 3}, 1.0);
    recurrence.lengths = Tensor::empty({size.B}, DType::i32);
    for (std::int64_t b = 0; b < size.B; ++b) {
      recurrence.lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(random.integer(0, 2));
    }
    check(recurrence, 1);
  }
}

}  // namespace
}  // namespace rondo::test
