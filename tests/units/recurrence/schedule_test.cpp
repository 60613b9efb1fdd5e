// Schedule against handwritten tables, one for each order in which the APIs go through time.

#include "recurrence/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace rondo {
namespace {

/// The read time, write time and liveness of row b at every processing step.
struct Walk {
  std::vector<std::int64_t> read;
  std::vector<std::int64_t> write;
  std::vector<bool> live;

  bool operator==(const Walk&) const = default;
};

Walk walk(const Schedule& schedule, std::int64_t b) {
  Walk result;
  for (std::int64_t s = 0; s < schedule.T; ++s) {
    result.read.push_back(schedule.read_time(s, b));
    result.write.push_back(schedule.write_time(s, b));
    result.live.push_back(schedule.live(s, b));
  }
  return result;
}

// Row 0 has every step, row 1 three, row 2 none; 9 and -2 are out of range and clamped.
constexpr std::int32_t kLengths[] = {4, 3, 0, 9, -2};

TEST(Schedule, ForwardWithoutMaskIsAlwaysLive) {
  EXPECT_EQ(walk({.T = 4, .B = 1}, 0), (Walk{{0, 1, 2, 3}, {0, 1, 2, 3}, {true, true, true, true}}));
}

TEST(Schedule, LengthsOfDynamicRnn) {
  const Schedule schedule{.T = 4, .B = 5, .write_order = WriteOrder::input, .lengths = kLengths};
  EXPECT_EQ(walk(schedule, 1), (Walk{{0, 1, 2, 3}, {0, 1, 2, 3}, {true, true, true, false}}));
  EXPECT_EQ(walk(schedule, 2).live, (std::vector<bool>(4, false)));
  EXPECT_EQ(walk(schedule, 3).live, (std::vector<bool>(4, true)));
  EXPECT_EQ(walk(schedule, 4).live, (std::vector<bool>(4, false)));
}

TEST(Schedule, KerasReversesInputAndMaskAndKeepsProcessingOrder) {
  const bool mask[] = {true, false, true, false};
  const Schedule schedule{
      .T = 4, .B = 1, .read_order = ReadOrder::reversed, .mask = mask, .mask_strides = {.time = 1, .batch = 4}};
  EXPECT_EQ(walk(schedule, 0), (Walk{{3, 2, 1, 0}, {0, 1, 2, 3}, {false, true, false, true}}));
}

TEST(Schedule, ReversedLengthsMaskTheBeginningOfTheWalk) {
  const Schedule schedule{.T = 4, .B = 5, .read_order = ReadOrder::reversed, .lengths = kLengths};
  EXPECT_EQ(walk(schedule, 1), (Walk{{3, 2, 1, 0}, {0, 1, 2, 3}, {false, true, true, true}}));
}

TEST(Schedule, BackwardHalfOfBidirectionalWritesInInputOrder) {
  const Schedule schedule{.T = 3, .B = 1, .read_order = ReadOrder::reversed, .write_order = WriteOrder::input};
  EXPECT_EQ(walk(schedule, 0), (Walk{{2, 1, 0}, {2, 1, 0}, {true, true, true}}));
}

TEST(Schedule, OnnxReversesWithinEachRowsLength) {
  const Schedule schedule{.T = 4,
                          .B = 5,
                          .read_order = ReadOrder::reversed_within_length,
                          .write_order = WriteOrder::input,
                          .lengths = kLengths};
  EXPECT_EQ(walk(schedule, 0).read, (std::vector<std::int64_t>{3, 2, 1, 0}));
  EXPECT_EQ(walk(schedule, 1), (Walk{{2, 1, 0, 3}, {2, 1, 0, 3}, {true, true, true, false}}));
  EXPECT_EQ(walk(schedule, 2), (Walk{{0, 1, 2, 3}, {0, 1, 2, 3}, {false, false, false, false}}));
}

TEST(Schedule, MaskAndLengthsTogetherAreBothNeeded) {
  const bool mask[] = {false, true, true, true};
  const std::int32_t lengths[] = {3};
  const Schedule schedule{.T = 4, .B = 1, .mask = mask, .mask_strides = {.time = 1, .batch = 4}, .lengths = lengths};
  EXPECT_EQ(walk(schedule, 0).live, (std::vector<bool>{false, true, true, false}));
}

TEST(Schedule, MasksHaveAnyStrides) {
  // (B, T) = (2, 3) memory read as (T, B), and lengths that lie two apart.
  const bool mask[] = {true, false, true, false, true, true};
  const std::int32_t lengths[] = {3, -1, 2, -1};
  const Schedule schedule{
      .T = 3, .B = 2, .mask = mask, .mask_strides = {.time = 1, .batch = 3}, .lengths = lengths, .length_stride = 2};
  EXPECT_EQ(walk(schedule, 0).live, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(walk(schedule, 1).live, (std::vector<bool>{false, true, false}));
}

}  // namespace
}  // namespace rondo
