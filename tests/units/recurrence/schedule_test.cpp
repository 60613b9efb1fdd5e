// Schedule against handwritten tables, one for each order in which the APIs go through time.

#include "recurrence/schedule.h"

#include <gtest/gtest.h>

#include <iterator>
#include <string>
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
  const Schedule schedule{.T = 4, .B = 5, .rules = {.write = WriteOrder::input}, .lengths = kLengths};
  EXPECT_EQ(walk(schedule, 1), (Walk{{0, 1, 2, 3}, {0, 1, 2, 3}, {true, true, true, false}}));
  EXPECT_EQ(walk(schedule, 2).live, (std::vector<bool>(4, false)));
  EXPECT_EQ(walk(schedule, 3).live, (std::vector<bool>(4, true)));
  EXPECT_EQ(walk(schedule, 4).live, (std::vector<bool>(4, false)));
}

TEST(Schedule, KerasReversesInputAndMaskAndKeepsProcessingOrder) {
  const bool mask[] = {true, false, true, false};
  const Schedule schedule{
      .T = 4, .B = 1, .rules = {.read = ReadOrder::reversed}, .mask = mask, .mask_strides = {.time = 1, .batch = 4}};
  EXPECT_EQ(walk(schedule, 0), (Walk{{3, 2, 1, 0}, {0, 1, 2, 3}, {false, true, false, true}}));
}

TEST(Schedule, ReversedLengthsMaskTheBeginningOfTheWalk) {
  const Schedule schedule{.T = 4, .B = 5, .rules = {.read = ReadOrder::reversed}, .lengths = kLengths};
  EXPECT_EQ(walk(schedule, 1), (Walk{{3, 2, 1, 0}, {0, 1, 2, 3}, {false, true, true, true}}));
}

TEST(Schedule, BackwardHalfOfBidirectionalWritesInInputOrder) {
  const Schedule schedule{.T = 3, .B = 1, .rules = {.read = ReadOrder::reversed, .write = WriteOrder::input}};
  EXPECT_EQ(walk(schedule, 0), (Walk{{2, 1, 0}, {2, 1, 0}, {true, true, true}}));
}

TEST(Schedule, OnnxReversesWithinEachRowsLength) {
  const Schedule schedule{.T = 4,
                          .B = 5,
                          .rules = {.read = ReadOrder::reversed_within_length, .write = WriteOrder::input},
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

constexpr ReadOrder kReadOrders[] = {ReadOrder::forward, ReadOrder::reversed, ReadOrder::reversed_within_length};
constexpr WriteOrder kWriteOrders[] = {WriteOrder::processing, WriteOrder::input};

/// Calls `check(schedule, length)` for a row of each length in 0 .. T, in each order of reading and writing.
template <typename Check>
void for_each_order_and_length(std::int32_t T, const Check& check) {
  for (const ReadOrder read : kReadOrders) {
    for (const WriteOrder write : kWriteOrders) {
      for (std::int32_t length = 0; length <= T; ++length) {
        SCOPED_TRACE("read " + std::to_string(static_cast<int>(read)) + ", write " +
                     std::to_string(static_cast<int>(write)) + ", length " + std::to_string(length));
        check(Schedule{.T = T, .B = 1, .rules = {.read = read, .write = write}, .lengths = &length}, length);
      }
    }
  }
}

TEST(Schedule, ALengthAtHandGivesTheSameTimes) {
  const bool mask[] = {true, false, true, true, false};
  for_each_order_and_length(5, [&](Schedule schedule, std::int32_t length) {
    for (const bool* given : {static_cast<const bool*>(nullptr), mask}) {
      schedule.mask = given;
      schedule.mask_strides = {.time = 1, .batch = 5};
      for (std::int32_t s = 0; s < 5; ++s) {
        const std::int32_t t = schedule.read_time(s, RowLength{length});
        EXPECT_EQ(t, schedule.read_time(s, std::int64_t{0}));
        EXPECT_EQ(schedule.write_time(s, RowLength{length}), schedule.write_time(s, std::int64_t{0}));
        EXPECT_EQ(t < length && schedule.live_byte(t, 0) != 0, schedule.live(s, 0));
      }
    }
  });
}

/// Read forward a mark is for the step that is read; read in reverse it is for the step before.
TEST(Schedule, StatesAreReplacedBetweenTwoPieces) {
  const bool resets[] = {true, false, true, true, false};
  for_each_order_and_length(5, [&](Schedule schedule, std::int32_t length) {
    for (std::int64_t s = 0; s < 5; ++s) EXPECT_FALSE(schedule.resets_before(s, 0)) << "without resets";
    schedule.resets = resets;
    schedule.reset_strides = {.time = 1, .batch = 5};
    for (std::int32_t s = 0; s <= 5; ++s) {
      bool expected = false;
      if (s < 5) {
        const std::int64_t t = schedule.read_time(s, std::int64_t{0});
        const std::int64_t mark = s < schedule.reversed_steps(length) ? t + 1 : t;
        expected = mark < length && resets[mark];
      }
      EXPECT_EQ(schedule.resets_before(s, 0), expected) << s;
      EXPECT_EQ(schedule.reset_byte(s, 0, RowLength{length}) != 0, expected) << s;
    }
  });
}

TEST(Schedule, EveryInputStepIsReadOnceAndTheLeadingOnesInReverse) {
  for_each_order_and_length(5, [](const Schedule& schedule, std::int32_t length) {
    const std::int64_t reversed = schedule.reversed_steps(length);
    std::vector<bool> read(5, false);
    for (std::int64_t s = 0; s < 5; ++s) {
      const std::int64_t t = schedule.read_time(s, 0);
      EXPECT_EQ(t, s < reversed ? reversed - 1 - s : s);
      read[static_cast<std::size_t>(t)] = true;
    }
    EXPECT_EQ(read, std::vector<bool>(5, true));
    const std::int64_t expected = schedule.rules.read == ReadOrder::forward    ? 0
                                  : schedule.rules.read == ReadOrder::reversed ? 5
                                                                               : length;
    EXPECT_EQ(reversed, expected);
  });
}

TEST(Schedule, StepsToComputeAreFromTheFirstLiveStepToTheLast) {
  const std::int32_t lengths[] = {0, 0, 2, 1, 4, 3, 6};
  for (const ReadOrder read : kReadOrders) {
    const Schedule schedule{.T = 6, .B = 7, .rules = {.read = read}, .lengths = lengths};
    for (std::int32_t first_row = 0; first_row < 7; ++first_row) {
      for (int rows = 1; first_row + rows <= 7; ++rows) {
        SCOPED_TRACE("rows " + std::to_string(first_row) + " + " + std::to_string(rows));
        std::vector<std::int32_t> live;
        for (std::int32_t s = 0; s < 6; ++s) {
          bool any = false;
          for (int row = 0; row < rows; ++row) any = any || schedule.live(s, first_row + row);
          if (any) live.push_back(s);
        }
        const StepRange range = schedule.steps_to_compute(first_row, rows);
        EXPECT_EQ(range.last - range.first, std::ssize(live));
        if (live.empty()) continue;
        EXPECT_EQ(range.first, live.front());
        EXPECT_EQ(range.last, live.back() + 1);
      }
    }
  }
  const StepRange all = Schedule{.T = 6, .B = 7, .rules = {.read = ReadOrder::reversed}}.steps_to_compute(2, 3);
  EXPECT_EQ(all.first, 0);
  EXPECT_EQ(all.last, 6);
}

TEST(Schedule, EmitsZerosWhereTheDefinitionOfTheOutputDoes) {
  enum class Output { zeros, h };
  for (const DeadOutput dead : {DeadOutput::previous_output, DeadOutput::zeros, DeadOutput::incoming_state}) {
    const Schedule schedule{.T = 4, .B = 1, .rules = {.dead = dead}};
    for (unsigned pattern = 0; pattern < 16; ++pattern) {
      SCOPED_TRACE("dead " + std::to_string(static_cast<int>(dead)) + ", pattern " + std::to_string(pattern));
      Output previous = Output::zeros;
      bool was_live = false;
      for (unsigned s = 0; s < 4; ++s) {
        const bool live = (pattern >> s & 1U) != 0;
        was_live = was_live || live;
        Output output = previous;
        if (live || dead == DeadOutput::incoming_state) {
          output = Output::h;
        } else if (dead == DeadOutput::zeros) {
          output = Output::zeros;
        }
        EXPECT_EQ(schedule.emits_zeros(live, !was_live), output == Output::zeros) << "step " << s;
        previous = output;
      }
    }
  }
}

TEST(Schedule, TimesOf32BitsReachBeyond32BitsOfMemory) {
  const TimeBatchStrides strides{.time = std::int64_t{1} << 33, .batch = 3};
  EXPECT_EQ(strides.offset_32(5, 7), strides.offset(5, 7));
  const bool mask[] = {false, false, false, true};
  const Schedule schedule{.T = 2, .B = 2, .mask = mask, .mask_strides = {.time = 2, .batch = 1}};
  EXPECT_EQ(schedule.mask_byte(1, 1), reinterpret_cast<const std::uint8_t*>(mask + 3));
  EXPECT_EQ(schedule.live_byte(1, 1), 1);
  EXPECT_EQ(schedule.live_byte(1, 0), 0);
}

TEST(Schedule, AllRowsAreLiveWithoutMaskAndLengths) {
  const bool mask[] = {true};
  const std::int32_t lengths[] = {1};
  EXPECT_TRUE((Schedule{.T = 1, .B = 1}.all_live()));
  EXPECT_FALSE((Schedule{.T = 1, .B = 1, .mask = mask}.all_live()));
  EXPECT_FALSE((Schedule{.T = 1, .B = 1, .lengths = lengths}.all_live()));
  EXPECT_FALSE((Schedule{.T = 1, .B = 1, .resets = mask}.all_live()));
}

}  // namespace
}  // namespace rondo
