// A tuning table with rows that bench/report/report.py wrote: the table compiles, and its rows are found.

#include <gtest/gtest.h>

#include "made_up_tuning_rows.h"

namespace rondo::bench {
namespace {

TEST(TuningHeader, RowsAreFound) {
  EXPECT_EQ(kTuningRows.size(), 5U);
  RecurrenceSpec spec{.cell = {.kind = CellKind::lstm, .units = 512}, .T = 100, .B = 30, .I = 512};
  spec.dtype = DType::bf16;
  const TuningRow* row = find_tuning(kTuningRows, spec, known_gpu("h200"));
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->candidate, "cluster_16x4_8rows_32units_4k");
  EXPECT_DOUBLE_EQ(row->step_us, 0.7);
  EXPECT_EQ(row->record, "a.json");
  spec.T = 1000;
  EXPECT_EQ(find_tuning(kTuningRows, spec, known_gpu("h200")), nullptr);
  spec.T = 5;
  spec.B = 32;
  EXPECT_EQ(find_tuning(kTuningRows, spec, known_gpu("h200"))->candidate, kStepwiseCandidate);
}

}  // namespace
}  // namespace rondo::bench
