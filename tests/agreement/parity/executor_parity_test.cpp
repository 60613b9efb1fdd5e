// Rondo's own CUDA executors against the reference in double precision: over random recurrences laid out at random, in
// every dtype, and over the shapes that are most likely to fail.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "support/compare.h"
#include "support/device_run.h"
#include "support/device_under_test.h"
#include "support/executors.h"
#include "support/gradient_run.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

struct Numbers {
  DType dtype;
  MatrixMath math = MatrixMath::strict;
};

constexpr Numbers kNumbers[] = {
    {DType::f64}, {DType::f32}, {DType::f32, MatrixMath::tf32}, {DType::f32, MatrixMath::tf32x3},
    {DType::f16}, {DType::bf16}};

/// The executors without cuDNN's, which accept only some of these recurrences and have other tests.
std::vector<std::string> own_executors(const RecurrenceSpec& spec) {
  RecurrenceSpec on_device = spec;
  on_device.device = device_under_test();
  std::vector<std::string> names = executors_for(on_device);
  std::erase_if(names, [](const std::string& name) { return name.rfind("cudnn", 0) == 0; });
  EXPECT_FALSE(names.empty());
  return names;
}

void check(const RandomRecurrence& recurrence, std::uint64_t seed) {
  SCOPED_TRACE(to_string(recurrence.spec));
  for (const auto& [dtype, math] : kNumbers) {
    RecurrenceSpec spec = recurrence.spec;
    spec.dtype = dtype;
    spec.math = math;
    for (const std::string& executor : own_executors(spec)) {
      expect_parity(recurrence, {.how = {executor, dtype, math}, .device = device_under_test(), .layout_seed = seed});
    }
  }
}

TEST(ExecutorParity, EqualsTheReferenceInDouble) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    check(random_recurrence(random), seed);
  });
}

TEST(ExecutorParity, OfEachActivationEqualsTheReferenceInDouble) {
  for_each_activation(3, 4, [](const RandomRecurrence& recurrence) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      RecurrenceSpec spec = recurrence.spec;
      spec.dtype = dtype;
      for (const std::string& executor : own_executors(spec)) {
        expect_parity(recurrence, {.how = {executor, dtype}, .device = device_under_test(), .layout_seed = 3});
      }
    }
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

/// Small cases, for compute-sanitizer, which is slow.
class SmallHazard : public ::testing::TestWithParam<Hazard> {};

TEST_P(SmallHazard, EqualsTheReferenceInDouble) {
  constexpr int kRecurrences = 10;
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
    Shapes, SmallHazard,
    ::testing::Values(
        Hazard{"OneRow", [](const Run& run) { return run.spec.B == 1; }},
        Hazard{"OneStep", [](const Run& run) { return run.spec.T == 1; }},
        Hazard{"NoStep", [](const Run& run) { return run.spec.T == 0; }},
        Hazard{"NoRow", [](const Run& run) { return run.spec.B == 0; }},
        Hazard{"OneUnit", [](const Run& run) { return run.spec.cell.units == 1; }},
        Hazard{"PacksOfUnits", [](const Run& run) { return run.spec.cell.units % 4 == 0; }},
        Hazard{"UnitsNoMultipleOfPacks",
               [](const Run& run) { return run.spec.cell.units > 4 && run.spec.cell.units % 4 != 0; }},
        Hazard{"Peepholes", [](const Run& run) { return run.spec.cell.use_peepholes; }},
        Hazard{"CellClip", [](const Run& run) { return run.spec.cell.cell_clip.has_value(); }},
        Hazard{"Projection", [](const Run& run) { return run.spec.cell.projection_units.has_value(); }},
        Hazard{"ProjectionClip", [](const Run& run) { return run.spec.cell.projection_clip.has_value(); }},
        Hazard{"Resets", [](const Run& run) { return run.spec.has_resets && run.spec.T > 1; }},
        Hazard{"ResetStateOfRows",
               [](const Run& run) { return !run.reset_state.empty() && run.reset_state[0].rank() == 2; }},
        Hazard{"AllRowsDead", [](const Run& run) { return run.spec.T > 1 && run.spec.B > 1 && live_rows(run) == 0; }},
        Hazard{"OneRowLive", [](const Run& run) { return run.spec.T > 1 && run.spec.B > 1 && live_rows(run) == 1; }}),
    [](const auto& instance) { return std::string(instance.param.name); });

/// A recurrence with ragged lengths of a given size, for sizes that random recurrences do not reach.
RandomRecurrence sized(const CellSpec& cell, std::int64_t T, std::int64_t B, std::int64_t I) {
  Random random(1);
  RandomRecurrence recurrence;
  recurrence.spec = {.cell = cell, .T = T, .B = B, .I = I, .has_lengths = true};
  recurrence.weights = random_weights(random, cell, I);
  recurrence.x = random.tensor({T, B, I}, 1.0);
  recurrence.lengths = Tensor::empty({B}, DType::i32);
  for (std::int64_t b = 0; b < B; ++b) {
    recurrence.lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(random.integer(0, T));
  }
  return recurrence;
}

const CellSpec kCells[] = {{.kind = CellKind::simple_rnn},
                           {.kind = CellKind::lstm},
                           {.kind = CellKind::gru, .reset_after = true},
                           {.kind = CellKind::gru, .reset_after = false},
                           {.kind = CellKind::lstm, .use_peepholes = true, .cell_clip = 0.5}};

/// kCells with H units, and LSTMs that are projected to H and to fewer features.
std::vector<CellSpec> cells_of(std::int64_t H) {
  std::vector<CellSpec> cells(std::begin(kCells), std::end(kCells));
  CellSpec projected = cells.back();
  projected.projection_clip = 0.1;
  for (const std::int64_t P : {H, std::max<std::int64_t>(H - 4, 1)}) {
    projected.projection_units = P;
    cells.push_back(projected);
  }
  for (CellSpec& cell : cells) cell.units = H;
  return cells;
}

/// Enough units for kernels that take units in packs: with lengths and initial states, and with neither.
TEST(ExecutorParity, ManyUnits) {
  constexpr std::int64_t kUnits = 128;
  const std::int64_t B = properties_of(device_under_test()).processors * 1024 / kUnits + 1;
  for (const CellSpec& cell : cells_of(kUnits)) {
    RandomRecurrence recurrence = sized(cell, 2, B, 4);
    for (int k = 0; k < state_count(cell.kind); ++k) {
      recurrence.initial_state.push_back(Random(2).tensor({B, state_units(cell, k)}, 1.0));
    }
    check(recurrence, 0);
    recurrence.initial_state.clear();
    recurrence.spec.has_lengths = false;
    recurrence.lengths.reset();
    check(recurrence, 0);
  }
}

/// More units and more rows than a block has threads.
TEST(ExecutorParity, SeveralBlocks) {
  struct Size {
    std::int64_t B;
    std::int64_t H;
  };
  for (const Size size :
       {Size{2, 132}, Size{2, 133}, Size{2, 520}, Size{8, 132}, Size{9, 133}, Size{150, 3}, Size{300, 4}}) {
    for (const CellSpec& cell : cells_of(size.H)) check(sized(cell, 2, size.B, 3), 1);
  }
}

/// Errors must not grow with the number of steps.
TEST(ExecutorParity, ManySteps) {
  for (const CellSpec& cell : cells_of(24)) check(sized(cell, 128, 3, 8), 3);
}

/// Rows of x may share memory, as sliding windows do.
TEST(ExecutorParity, RowsOfTheInputsMayOverlap) {
  constexpr std::int64_t T = 5;
  constexpr std::int64_t B = 3;
  constexpr std::int64_t I = 6;
  CellSpec cell = kCells[1];
  cell.units = 4;
  RandomRecurrence recurrence = sized(cell, T, B, I);
  RecurrenceSpec spec = recurrence.spec;
  spec.device = device_under_test();
  const auto moved = [&](const Tensor& tensor) { return tensor.to(spec.device); };
  const RecurrentWeights weights{moved(recurrence.weights.kernel), moved(recurrence.weights.recurrent_kernel),
                                 moved(*recurrence.weights.bias)};
  const Tensor memory = Random(5).tensor({32}, 1.0).to(spec.device);
  for (const auto& [time, batch] : {std::pair{1, 2}, std::pair{2, 1}, std::pair{0, 1}, std::pair{-1, 3}}) {
    const Tensor x(memory.storage(), DType::f32, {T, B, I}, {time, batch, 1}, time < 0 ? (T - 1) * -time : 0);
    recurrence.x = x.to(cpu()).clone();
    const RunResult expected = run_on("reference", recurrence, DType::f64);
    for (const std::string& executor : own_executors(spec)) {
      SCOPED_TRACE(executor + ", strides " + std::to_string(time) + " and " + std::to_string(batch));
      const Tensor y = Tensor::empty({T, B, cell.units}, DType::f32, spec.device);
      Session(Plan::create(spec, {.executor = executor}), weights)
          .run({.x = x, .lengths = moved(*recurrence.lengths), .y = y});
      EXPECT_TRUE(close(y.to(cpu()), expected.y, 1e-5));
    }
  }
}

/// A recorded run and a replayed run write the bits of the first run.
TEST(ExecutorParity, ReplaysEqualFirstRuns) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    const RandomRecurrence recurrence = random_recurrence(random);
    SCOPED_TRACE(to_string(recurrence.spec));
    for (const std::string& executor : own_executors(recurrence.spec)) {
      DeviceRun once;
      once.how.executor = executor;
      once.device = device_under_test();
      once.layout_seed = seed;
      DeviceRun thrice = once;
      thrice.repeats = 3;
      DeviceRun eager = thrice;
      eager.graph_use = GraphUse::never;
      const RunResult expected = run_on_device(recurrence, once);
      EXPECT_TRUE(identical(run_on_device(recurrence, thrice).last_output, expected.last_output)) << executor;
      EXPECT_TRUE(identical(run_on_device(recurrence, eager).last_output, expected.last_output)) << executor;
    }
  }
}

/// Other rows of the batch never change a row's bits.
TEST(ExecutorParity, BatchMatesNeverMatter) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random);
    if (recurrence.spec.B < 2) continue;
    SCOPED_TRACE(to_string(recurrence.spec));
    for (const auto& [dtype, math] : kNumbers) {
      recurrence.spec.dtype = dtype;
      recurrence.spec.math = math;
      for (const std::string& executor : own_executors(recurrence.spec)) {
        const DeviceRun run{.how = {executor, dtype, math}, .device = device_under_test(), .layout_seed = 4};
        RandomRecurrence other = recurrence;
        other.x = recurrence.x.clone();
        other.x.slice(1, 1, other.spec.B).fill(0.25);
        const RunResult before = run_on_device(recurrence, run);
        const RunResult after = run_on_device(other, run);
        EXPECT_TRUE(identical(after.last_output.select(0, 0), before.last_output.select(0, 0))) << executor;
      }
    }
  }
}

}  // namespace
}  // namespace rondo::test
