// The partition of a recurrence among threads, and its memory.

#include "cpu/fused/partition.h"

#include <gtest/gtest.h>

#include "cpu/fused/scratch.h"

namespace rondo::fused {
namespace {

constexpr PanelFormat kFormat{.lanes = 16, .elements = PanelElements::numbers, .dtype = DType::f32};

RecurrenceSpec lstm(std::int64_t H, std::int64_t B, std::int64_t T = 100) {
  return {.cell = {.units = H}, .T = T, .B = B, .I = H};
}

TEST(FusedPartition, ManyRowsAreSharedOutByRows) {
  const Partition small = partition(lstm(64, 8), 4);
  EXPECT_EQ(small.row_groups, 4);
  EXPECT_EQ(small.unit_groups, 1);
  const Partition large = partition(lstm(1024, 64), 4);
  EXPECT_EQ(large.row_groups, 4);
}

TEST(FusedPartition, FewRowsOfManyUnitsAreSharedOutByUnits) {
  const Partition one = partition(lstm(512, 1), 4);
  EXPECT_EQ(one.row_groups, 1);
  EXPECT_EQ(one.unit_groups, 4);
  const Partition both = partition(lstm(1024, 16), 8);
  EXPECT_EQ(both.row_groups, 2);
  EXPECT_EQ(both.unit_groups, 4);
}

TEST(FusedPartition, TheMoreWeightsTheMoreRowsAThreadNeeds) {
  EXPECT_EQ(partition(lstm(128, 4), 2).row_groups, 2);   // 256 KiB
  EXPECT_EQ(partition(lstm(256, 4), 2).unit_groups, 2);  // 1 MiB
  EXPECT_EQ(partition(lstm(256, 8), 2).row_groups, 2);
  EXPECT_EQ(partition(lstm(512, 8), 2).unit_groups, 2);  // 4 MiB
  EXPECT_EQ(partition(lstm(512, 16), 2).row_groups, 2);
}

TEST(FusedPartition, LittleWorkIsDoneAlone) {
  EXPECT_EQ(partition(lstm(64, 1, 1), 8).threads(), 1);
  EXPECT_EQ(partition(lstm(64, 1), 8).threads(), 1);  // a barrier in each step would take longer than it saves
  EXPECT_EQ(partition(lstm(0 + 1, 0, 0), 8).threads(), 1);
}

TEST(FusedPartition, NeverMoreThanThereAre) {
  for (int threads = 1; threads <= 9; ++threads) {
    for (const std::int64_t B : {0, 1, 2, 7, 64}) {
      for (const std::int64_t H : {1, 16, 100, 1024}) EXPECT_LE(partition(lstm(H, B), threads).threads(), threads);
    }
  }
}

TEST(FusedPartition, RangesCoverEverythingOnce) {
  std::int64_t next = 0;
  for (int k = 0; k < 5; ++k) {
    const Range range = Range::part(13, k, 5);
    EXPECT_EQ(range.begin, next);
    next = range.end;
  }
  EXPECT_EQ(next, 13);
}

TEST(FusedScratch, DoesNotGrowWithTime) {
  EXPECT_EQ(scratch_bytes(lstm(64, 4, 1000), kFormat, 2), scratch_bytes(lstm(64, 4, 100000), kFormat, 2));
}

// With state_rows a run may have fewer rows and steps than planned, for which other partitions are the fastest.
TEST(FusedScratch, IsEnoughForRunsOfFewerRowsAndSteps) {
  constexpr int kThreads = 6;
  RecurrenceSpec planned = lstm(40, 130, 30);
  planned.packed = true;
  planned.state_rows = 1000;
  const std::size_t bytes = scratch_bytes(planned, kFormat, kThreads);
  bool some_need_more_than_the_plan = false;
  for (const std::int64_t T : {1, 2, 7, 30}) {
    for (std::int64_t B = 0; B <= 130; ++B) {
      const std::size_t needed = scratch_bytes(lstm(40, B, T), kFormat, kThreads);
      EXPECT_LE(needed, bytes) << "T " << T << " B " << B;
      some_need_more_than_the_plan =
          some_need_more_than_the_plan || needed > scratch_bytes(lstm(40, 130, 30), kFormat, kThreads);
    }
  }
  EXPECT_TRUE(some_need_more_than_the_plan);
}

// Not by a look at every number of rows.
TEST(FusedScratch, IsKnownAtOnceForAnyNumberOfRows) {
  RecurrenceSpec planned = lstm(40, std::int64_t{1} << 30, 1);
  planned.packed = true;
  planned.state_rows = planned.B;
  EXPECT_GE(scratch_bytes(planned, kFormat, 64), scratch_bytes(lstm(40, planned.B, 1), kFormat, 64));
}

}  // namespace
}  // namespace rondo::fused
