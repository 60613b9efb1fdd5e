// The batches that a queue makes of requests, without threads.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "units/serving/pool_double.h"
#include "units/serving/queue_fixture.h"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using test::double_sizes;
using test::kBegin;
using test::QueueFixture;

TEST(StreamQueue, StreamsTakeTurns) {
  QueueFixture fixture(double_sizes(9, 2, 4));
  for (const char* const name : {"a", "b", "c"}) fixture.push(name, 9, true);
  EXPECT_EQ(fixture.call(), "a4 b4");
  EXPECT_EQ(fixture.call(), "c4 a4");
  fixture.push("d", 1, true);
  EXPECT_EQ(fixture.call(), "b4 c4");
  EXPECT_EQ(fixture.call(), "a1 d1");
  EXPECT_EQ(fixture.call(), "b1 c1");
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.queue.waiting(), 0);
  EXPECT_EQ(fixture.queue.open_streams(), 4);
}

TEST(StreamQueue, AChunkHasStepsOfSeveralRequests) {
  QueueFixture fixture(double_sizes(1, 1, 8));
  fixture.push("a", 2, true);
  fixture.push("a", 3);
  fixture.push("a", 5);
  fixture.take();
  EXPECT_EQ(fixture.rows(), "a8");
  ASSERT_EQ(fixture.batch.parts.size(), 3U);
  EXPECT_EQ(fixture.batch.parts[2].first_step, 0);
  EXPECT_EQ(fixture.batch.parts[2].steps, 3);
  EXPECT_EQ(fixture.batch.answered.size(), 2U);
  fixture.finish();
  EXPECT_EQ(fixture.queue.waiting(), 1);
  fixture.take();
  EXPECT_EQ(fixture.batch.parts[0].first_step, 3);
  EXPECT_EQ(fixture.batch.parts[0].steps, 2);
}

TEST(StreamQueue, AStartBeginsAChunkAndAnEndEndsOne) {
  QueueFixture fixture(double_sizes(1, 1, 8));
  fixture.push("a", 1, true);
  fixture.push("a", 1);
  fixture.push("a", 1, true, true);
  fixture.push("a", 1, true);
  fixture.take();
  EXPECT_EQ(fixture.rows(), "a2");
  EXPECT_TRUE(fixture.batch.chunks[0].start);
  EXPECT_FALSE(fixture.batch.chunks[0].end);
  fixture.finish();
  fixture.take();
  EXPECT_EQ(fixture.rows(), "a1");
  EXPECT_TRUE(fixture.batch.chunks[0].start);
  EXPECT_TRUE(fixture.batch.chunks[0].end);
  EXPECT_FALSE(fixture.batch.rows[0].opens);
  fixture.finish();
  EXPECT_EQ(fixture.queue.open_streams(), 0);
  fixture.take();
  EXPECT_TRUE(fixture.batch.rows[0].opens);
}

TEST(StreamQueue, AnEndWithoutStepsGivesTheSlotBack) {
  QueueFixture fixture(double_sizes(1, 1, 8));
  fixture.push("a", 2, true);
  EXPECT_EQ(fixture.call(), "a2");
  fixture.push("a", 0, false, true);
  fixture.push("a", 1);  // of a stream that is not known any more
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.batch.ended_slots, std::vector<std::int64_t>{0});
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::done, StreamOutcome::invalid}));
  EXPECT_EQ(fixture.queue.open_streams(), 0);
  fixture.push("a", 0, false, true);
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.outcomes(), std::vector{StreamOutcome::invalid}) << "there is no such stream";
  fixture.push("b", 1, true);
  fixture.push("b", 0, false, true);  // behind steps, it ends their chunk
  fixture.take();
  EXPECT_TRUE(fixture.batch.chunks[0].end);
  EXPECT_TRUE(fixture.batch.ended_slots.empty());
  fixture.finish();
  EXPECT_EQ(fixture.queue.open_streams(), 0);
}

TEST(StreamQueue, ABatchIsDueWhenItIsFullOrItsTimeIsOver) {
  QueueFixture fixture(double_sizes(9, 2, 1), {.max_delay = milliseconds(5)});
  EXPECT_EQ(fixture.queue.due(), ServingClock::time_point::max());
  fixture.push("a", 1, true);
  EXPECT_LE(fixture.queue.due(), fixture.now);  // no other stream is open
  fixture.call();
  fixture.push("b", 1, true);
  EXPECT_EQ(fixture.queue.due(), kBegin + milliseconds(5));
  fixture.now += milliseconds(3);
  fixture.push("c", 1, true);
  EXPECT_LE(fixture.queue.due(), fixture.now);  // two rows
  EXPECT_EQ(fixture.call(), "b1 c1");
  fixture.push("a", 1);
  EXPECT_EQ(fixture.queue.due(), fixture.now + milliseconds(5));
}

TEST(StreamQueue, WhatIsLeftOverWaitsFromItsSubmissionOn) {
  QueueFixture fixture(double_sizes(9, 2, 4), {.max_delay = milliseconds(5)});
  fixture.push("idle", 1, true);
  fixture.call();
  fixture.push("a", 6, true);
  fixture.now += milliseconds(1);
  fixture.push("b", 1, true);
  fixture.call();
  EXPECT_EQ(fixture.queue.due(), kBegin + milliseconds(5));  // the rest of a
  fixture.now += milliseconds(1);
  fixture.push("c", 1, true);
  EXPECT_EQ(fixture.call(), "a2 c1");
}

TEST(StreamQueue, CancelsWhatHasNotBegun) {
  QueueFixture fixture(double_sizes(2, 2, 2));
  const std::uint64_t first = fixture.push("a", 3, true);
  const std::uint64_t second = fixture.push("a", 1);
  const std::uint64_t third = fixture.push("a", 1);
  fixture.take();
  EXPECT_EQ(fixture.queue.cancel(fixture.now, first), nullptr);  // two steps were taken
  const auto cancelled = fixture.queue.cancel(fixture.now, second);
  ASSERT_NE(cancelled, nullptr);
  EXPECT_EQ(cancelled->number, second);
  EXPECT_EQ(fixture.queue.cancel(fixture.now, second), nullptr);
  fixture.finish();
  EXPECT_EQ(fixture.call(), "a2");
  EXPECT_EQ(fixture.queue.cancel(fixture.now, third), nullptr);

  const std::uint64_t only = fixture.push("b", 1, true);
  EXPECT_NE(fixture.queue.cancel(fixture.now, only), nullptr);
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.queue.open_streams(), 1);
}

TEST(StreamQueue, ClearTakesAllInTheirOrder) {
  QueueFixture fixture(double_sizes(2, 2, 2));
  for (int k = 0; k < 20; ++k) fixture.push(std::uint64_t(k % 7), 3, true);
  fixture.call();
  const auto left = fixture.queue.clear();
  ASSERT_EQ(left.size(), 20U);
  for (std::size_t k = 0; k < left.size(); ++k) EXPECT_EQ(left[k]->number, k + 1);
  EXPECT_EQ(fixture.queue.waiting(), 0);
  EXPECT_EQ(fixture.queue.due(), ServingClock::time_point::max());
}

}  // namespace
}  // namespace rondo
