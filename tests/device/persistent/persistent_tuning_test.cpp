// The planner prefers measured candidates to modelled candidates, with tables of these tests and the checked-in table.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_choice.h"
#include "cuda/persistent/planner/tuning_rows.h"
#include "plan/planner.h"
#include "support/decided.h"

namespace rondo::test {
namespace {

constexpr PersistentKind kKinds[] = {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};
// A candidate of the recurrence of most tests that the model does not take. It has 4 teams of up to 16 rows.
constexpr const char* kCandidate = "grid_32x4_16rows_16units_8k";
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

DeviceProperties h200() { return known_gpu("h200"); }

RecurrenceSpec lstm(std::int64_t H, std::int64_t B, DType dtype = DType::bf16, std::int64_t T = 100) {
  return {.cell = {.kind = CellKind::lstm, .units = H}, .T = T, .B = B, .I = H, .dtype = dtype, .device = cuda(0)};
}

/// A row of an LSTM with H 512 in bf16 on an H200.
TuningRow row_of(std::string_view candidate, TuningRange B = {.least = 61, .most = 64}) {
  return {.device = "NVIDIA H200",
          .processors = 132,
          .dtype = DType::bf16,
          .H = 512,
          .B = B,
          .T = {.least = 50},
          .candidate = candidate,
          .step_us = 1.25,
          .record = "a-test.json"};
}

std::vector<PersistentPlan> all_plans(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  std::vector<PersistentPlan> plans;
  for (const PersistentKind kind : kKinds) {
    for (const PersistentPlan& plan : persistent_plans(spec, properties, kind)) plans.push_back(plan);
  }
  return plans;
}

/// The text of explain() about cuda_persistent with this table, and about cuda_stepwise behind it.
std::string explained(const std::vector<TuningRow>& table, const RecurrenceSpec& spec,
                      const DeviceProperties& properties) {
  const auto executor = tuned_persistent_executor(table);
  try {
    return plan_for(*executor, spec, properties).explain();
  } catch (const ValueError& error) {
    return error.what();
  }
}

void expect_candidate(const std::string& text, const std::string& candidate) {
  EXPECT_NE(text.find("(" + candidate + ")"), std::string::npos) << "no " << candidate << " in:\n" << text;
}

class PersistentTuning : public ::testing::Test {
 protected:
  const RecurrenceSpec spec_ = lstm(512, 64);
  const std::string modelled_ = candidate_name(choose_persistent(spec_, h200(), {kKinds, {}}).plan.value().shape);
};

TEST_F(PersistentTuning, TakesTheMeasuredCandidate) {
  ASSERT_NE(modelled_, kCandidate);
  expect_candidate(explained({}, spec_, h200()), modelled_);
  const std::string text = explained({row_of(kCandidate)}, spec_, h200());
  expect_candidate(text, kCandidate);
  EXPECT_NE(text.find("; measured 1.25 us a step, with the product of the inputs ("), std::string::npos) << text;
  EXPECT_EQ(text.find("predicted"), std::string::npos) << text;
}

TEST_F(PersistentTuning, ARowIsForItsRecurrencesAlone) {
  const std::vector<TuningRow> table{row_of(kCandidate)};
  const auto expect_other = [&](const char* what, const auto& change) {
    SCOPED_TRACE(what);
    RecurrenceSpec spec = spec_;
    DeviceProperties properties = h200();
    change(spec, properties);
    EXPECT_EQ(find_tuning(table, spec, properties), nullptr);
    EXPECT_EQ(explained(table, spec, properties), explained({}, spec, properties));
  };
  expect_other("another device", [](RecurrenceSpec&, DeviceProperties& device) { device.name = "NVIDIA H100"; });
  expect_other("a share", [](RecurrenceSpec&, DeviceProperties& device) { device.processors = 131; });
  expect_other("another cell", [](RecurrenceSpec& spec, DeviceProperties&) { spec.cell.kind = CellKind::gru; });
  expect_other("another dtype", [](RecurrenceSpec& spec, DeviceProperties&) { spec.dtype = DType::f16; });
  expect_other("another H", [](RecurrenceSpec& spec, DeviceProperties&) { spec.cell.units = 511; });
  expect_other("fewer rows", [](RecurrenceSpec& spec, DeviceProperties&) { spec.B = 60; });
  expect_other("more rows", [](RecurrenceSpec& spec, DeviceProperties&) { spec.B = 65; });
  expect_other("fewer steps", [](RecurrenceSpec& spec, DeviceProperties&) { spec.T = 49; });
}

TEST_F(PersistentTuning, ARowIsForAllOfItsRecurrences) {
  const std::vector<TuningRow> table{row_of(kCandidate)};
  for (RecurrenceSpec spec : {lstm(512, 61), lstm(512, 64, DType::bf16, 50), lstm(512, 62, DType::bf16, 1 << 20)}) {
    spec.I = 7;
    spec.has_mask = true;
    spec.math = MatrixMath::tf32;  // has no effect in bf16
    spec.rules.read = ReadOrder::reversed;
    spec.cell.reset_after = false;  // has no effect on an LSTM
    expect_candidate(explained(table, spec, h200()), kCandidate);
  }
}

TEST_F(PersistentTuning, MathCountsForF32AndResetsForGrus) {
  std::vector<TuningRow> table{row_of("a")};
  RecurrenceSpec spec = lstm(512, 64, DType::f32);
  table[0].dtype = DType::f32;
  EXPECT_NE(find_tuning(table, spec, h200()), nullptr);
  spec.math = MatrixMath::tf32;
  EXPECT_EQ(find_tuning(table, spec, h200()), nullptr);
  table[0].math = MatrixMath::tf32;
  EXPECT_NE(find_tuning(table, spec, h200()), nullptr);
  table[0].cell = spec.cell.kind = CellKind::gru;
  EXPECT_NE(find_tuning(table, spec, h200()), nullptr);
  spec.cell.reset_after = false;
  EXPECT_EQ(find_tuning(table, spec, h200()), nullptr);
  table[0].reset_after = false;
  EXPECT_NE(find_tuning(table, spec, h200()), nullptr);
}

TEST_F(PersistentTuning, AWayThatTheDeviceHasNoRoomForIsNotTaken) {
  DeviceProperties less = h200();
  less.shared_bytes_per_block = std::size_t{16} << 10;
  ASSERT_TRUE(std::ranges::none_of(
      all_plans(spec_, less), [](const PersistentPlan& plan) { return candidate_name(plan.shape) == kCandidate; }));
  EXPECT_EQ(explained({row_of(kCandidate)}, spec_, less), explained({}, spec_, less));
  EXPECT_EQ(explained({row_of("grid_512x1_64rows_1units_8k")}, spec_, h200()), explained({}, spec_, h200()));
}

TEST_F(PersistentTuning, CudaStepwiseMayHaveBeenFaster) {
  const std::string text = explained({row_of("cuda_stepwise")}, spec_, h200());
  EXPECT_NE(text.find("cuda_persistent declined: cuda_stepwise was measured to be faster: 1.25 us a step"),
            std::string::npos)
      << text;
}

TEST_F(PersistentTuning, AMeasuredWayIsTakenWhereTheModelExpectsStepwise) {
  const RecurrenceSpec spec = lstm(512, 4096);
  const std::vector<PersistentPlan> plans = all_plans(spec, h200());
  ASSERT_FALSE(plans.empty());
  EXPECT_NE(explained({}, spec, h200()).find("cuda_stepwise is expected to be faster"), std::string::npos);
  const std::string candidate = candidate_name(plans.back().shape);
  TuningRow row = row_of(candidate, {.least = 4096, .most = 4096});
  row.H = 512;
  row.T = {.least = 1};
  expect_candidate(explained({row}, spec, h200()), candidate);
}

/// A measured candidate of another kind says nothing about this executor's candidates.
TEST_F(PersistentTuning, AnExecutorOfOneKindTakesItsOwnMeasuredCandidates) {
  constexpr PersistentKind kClusters[] = {PersistentKind::cluster};
  const auto choice = [&](const char* candidate) {
    const TuningRow row = row_of(candidate);
    return candidate_name(choose_persistent(spec_, h200(), {kClusters, {&row, 1}}).plan.value().shape);
  };
  EXPECT_EQ(choice(kCandidate), choice("cuda_stepwise"));
  const std::string last = candidate_name(persistent_plans(spec_, h200(), PersistentKind::cluster).back().shape);
  EXPECT_NE(choice(kCandidate), last);
  EXPECT_EQ(choice(last.c_str()), last);
}

/// Predictions always use the model, so that the network planner compares like with like.
TEST_F(PersistentTuning, APredictionIsTheModels) {
  const std::vector<TuningRow> table{row_of(kCandidate)};
  const auto executor = tuned_persistent_executor(table);
  const auto decision = decided(*executor, spec_, h200());
  const PersistentCandidate candidate = persistent_candidate(*decision).value();
  EXPECT_EQ(candidate.name, kCandidate);
  EXPECT_EQ(candidate.plan.measured, table.data());
  EXPECT_DOUBLE_EQ(decision->predicted_ns().value(), candidate.plan.total_ns);
  EXPECT_GT(candidate.plan.total_ns, 0.0);
}

TEST(TuningTable, IsInOrderAndFitsARecurrenceOnce) {
  const auto row = [](std::int64_t H, TuningRange B, TuningRange T) {
    TuningRow made = row_of("a", B);
    made.H = H;
    made.T = T;
    return made;
  };
  EXPECT_TRUE(is_tuning_table({}));
  EXPECT_TRUE(is_tuning_table(std::vector{row(8, {1, 4}, {1, 9}), row(8, {1, 4}, {10, kMost}), row(8, {5, 8}, {1, 9}),
                                          row(16, {1, 4}, {1, 9})}));
  EXPECT_FALSE(is_tuning_table(std::vector{row(16, {1, 4}, {1, 9}), row(8, {1, 4}, {1, 9})}));
  EXPECT_FALSE(is_tuning_table(std::vector{row(8, {5, 8}, {1, 9}), row(8, {1, 4}, {1, 9})}));
  EXPECT_FALSE(is_tuning_table(std::vector{row(8, {1, 4}, {1, 9}), row(8, {1, 4}, {1, 9})}));
  EXPECT_FALSE(is_tuning_table(std::vector{row(8, {1, 4}, {1, 9}), row(8, {1, 4}, {20, 29}), row(8, {4, 8}, {9, 20})}));
}

TEST(TuningTable, FindsAmongMany) {
  std::vector<TuningRow> table;
  for (std::int64_t H = 1; H <= 100; ++H) {
    for (std::int64_t B = 1; B <= 9; B += 4) {
      table.push_back(row_of("a", {.least = B, .most = B + 1}));
      table.back().H = H;
    }
  }
  ASSERT_TRUE(is_tuning_table(table));
  for (std::int64_t H = 0; H <= 101; ++H) {
    for (std::int64_t B = 0; B <= 12; ++B) {
      const TuningRow* found = find_tuning(table, lstm(H, B), h200());
      const bool expected = H >= 1 && H <= 100 && B >= 1 && B % 4 >= 1 && B % 4 <= 2 && B <= 10;
      ASSERT_EQ(found != nullptr, expected) << H << " " << B;
      EXPECT_TRUE(found == nullptr || (found->H == H && found->B.has(B)));
    }
  }
}

/// The device of a row: the known GPU of that name, or of the longest name that the row's name begins with.
std::optional<DeviceProperties> device_of(const TuningRow& row) {
  std::optional<DeviceProperties> best;
  for (const char* name : {"h200", "h100", "h100_pcie", "a100", "h200_mig_1g"}) {
    const DeviceProperties gpu = known_gpu(name);
    const bool fits = row.device.starts_with(gpu.name) && row.processors == gpu.processors;
    if (fits && (!best || best->name.size() < gpu.name.size())) best = gpu;
  }
  return best;
}

/// The rows of a table whose candidates the planner does not have, at both ends of each row's B.
std::vector<std::string> missing_candidates(std::span<const TuningRow> table) {
  std::vector<std::string> gone;
  for (const TuningRow& row : table) {
    const std::optional<DeviceProperties> device = device_of(row);
    for (const std::int64_t B : {row.B.least, row.B.most}) {
      RecurrenceSpec spec = lstm(row.H, B, row.dtype, row.T.least);
      spec.cell.kind = row.cell;
      spec.cell.reset_after = row.reset_after;
      spec.math = row.math;
      const bool there = device && std::ranges::any_of(all_plans(spec, *device), [&](const PersistentPlan& plan) {
                           return candidate_name(plan.shape) == row.candidate;
                         });
      if (!there && row.candidate != kStepwiseCandidate)
        gone.push_back(std::string(row.candidate) + ", B " + std::to_string(B));
    }
  }
  return gone;
}

TEST(TuningTable, EveryWayIsStillThere) {
  EXPECT_EQ(missing_candidates(kTuningRows), std::vector<std::string>{})
      << "write it anew: bench/report/report.py tuning";
}

TEST(TuningTable, AWayThatIsGoneIsFound) {
  EXPECT_EQ(missing_candidates(std::vector{row_of(kCandidate)}), std::vector<std::string>{});
  EXPECT_EQ(missing_candidates(std::vector{row_of("cuda_stepwise")}), std::vector<std::string>{});
  EXPECT_EQ(missing_candidates(std::vector{row_of(kCandidate, {.least = 60, .most = 64})}),
            std::vector{kCandidate + std::string(", B 60")});
  TuningRow unknown = row_of(kCandidate);
  unknown.device = "another";
  EXPECT_EQ(missing_candidates(std::vector{unknown}).size(), 2U);
  unknown.device = "NVIDIA H200 141GB";
  EXPECT_EQ(missing_candidates(std::vector{unknown}).size(), 0U);
}

}  // namespace
}  // namespace rondo::test
