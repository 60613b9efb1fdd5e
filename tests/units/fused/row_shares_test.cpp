// Which rows of the batch each group of rows takes.

#include "cpu/fused/row_shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "support/random.h"

namespace rondo::fused {
namespace {

using Rows = std::vector<std::int32_t>;

std::vector<Rows> share(const Schedule& schedule, int groups) {
  std::vector<Rows> shares;
  for (int group = 0; group < groups; ++group) {
    Rows rows(static_cast<std::size_t>(schedule.B));
    Rows live_steps(rows);
    const auto own = rows_of_group(schedule, {schedule.B, group, groups}, {rows.data(), live_steps.data()});
    shares.emplace_back(own.begin(), own.end());
  }
  return shares;
}

std::int64_t live_rows(const Schedule& schedule, const Rows& rows, std::int64_t s) {
  return std::ranges::count_if(rows, [&](std::int32_t b) { return schedule.live(s, b); });
}

/// The largest difference of live rows between two groups in a step.
std::int64_t imbalance(const Schedule& schedule, const std::vector<Rows>& shares) {
  std::int64_t most = 0;
  for (std::int64_t s = 0; s < schedule.T; ++s) {
    std::vector<std::int64_t> live;
    for (const Rows& rows : shares) live.push_back(live_rows(schedule, rows, s));
    const auto [least, greatest] = std::ranges::minmax(live);
    most = std::max(most, greatest - least);
  }
  return most;
}

void expect_all_rows_once(const std::vector<Rows>& shares, std::int64_t B) {
  Rows all;
  for (const Rows& rows : shares) {
    EXPECT_TRUE(std::ranges::is_sorted(rows));
    const std::int64_t least = B / static_cast<std::int64_t>(shares.size());
    EXPECT_GE(std::ssize(rows), least);
    EXPECT_LE(std::ssize(rows), least + 1);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  std::ranges::sort(all);
  ASSERT_EQ(std::ssize(all), B);
  for (std::int64_t b = 0; b < B; ++b) EXPECT_EQ(all[static_cast<std::size_t>(b)], b);
}

TEST(FusedRowShares, RowsWithoutLengthsStayAdjacent) {
  EXPECT_EQ(share({.T = 5, .B = 5}, 2), (std::vector<Rows>{{0, 1}, {2, 3, 4}}));
  EXPECT_EQ(share({.T = 5, .B = 0}, 3), (std::vector<Rows>(3)));
}

TEST(FusedRowShares, SortedLengthsAreDealtBackAndForth) {
  const Rows lengths{9, 8, 7, 6, 5, 4, 3};
  EXPECT_EQ(share({.T = 9, .B = 7, .lengths = lengths.data()}, 2), (std::vector<Rows>{{0, 3, 4}, {1, 2, 5, 6}}));
  EXPECT_EQ(share({.T = 9, .B = 7, .lengths = lengths.data()}, 1), (std::vector<Rows>{{0, 1, 2, 3, 4, 5, 6}}));
}

TEST(FusedRowShares, EveryStepOfAnyLengthsIsSharedOutEvenly) {
  test::Random random(5);
  for (const std::int64_t B : {2, 7, 16, 33}) {
    for (const int groups : {2, 3, 7}) {
      Rows lengths;
      for (std::int64_t b = 0; b < B; ++b) lengths.push_back(static_cast<std::int32_t>(random.integer(0, 40)));
      const Schedule schedule{.T = 40, .B = B, .lengths = lengths.data()};
      const std::vector<Rows> shares = share(schedule, groups);
      expect_all_rows_once(shares, B);
      EXPECT_LE(imbalance(schedule, shares), 1) << B << " rows, " << groups << " groups";
    }
  }
}

TEST(FusedRowShares, ARunMayHaveFewerRowsThanItsSchedule) {
  const Rows lengths{9, 8, 7, 6, 5};
  const Schedule schedule{.T = 9, .B = 5, .lengths = lengths.data()};
  Rows rows(5);
  Rows live_steps(5);
  const auto own = rows_of_group(schedule, {3, 0, 2}, {rows.data(), live_steps.data()});
  EXPECT_EQ(Rows(own.begin(), own.end()), (Rows{0}));
  EXPECT_TRUE(rows_of_group(schedule, {0, 0, 1}, {rows.data(), live_steps.data()}).empty());
}

TEST(FusedRowShares, MasksAreCounted) {
  constexpr std::int64_t T = 6;
  constexpr std::int64_t B = 4;
  const auto mask =
      std::make_unique<bool[]>(T * B);  // row 0 is always live, row 1 never, rows 2 and 3 in half of the steps
  for (std::int64_t t = 0; t < T; ++t) {
    mask[t * B] = true;
    mask[t * B + 2] = t < 3;
    mask[t * B + 3] = t < 3;
  }
  const Schedule schedule{.T = T, .B = B, .mask = mask.get(), .mask_strides = {.time = B, .batch = 1}};
  EXPECT_EQ(share(schedule, 2), (std::vector<Rows>{{0, 1}, {2, 3}}));
}

}  // namespace
}  // namespace rondo::fused
