// Which streams of a queue have slots, and which requests can have none.

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

TEST(StreamQueue, NumbersAndTextsAreOtherStreams) {
  QueueFixture fixture(double_sizes(4, 4, 1));
  fixture.push(std::uint64_t{1}, 1, true);
  fixture.push("1", 1, true);
  fixture.push("user-1", 1, true);
  fixture.push("user-2", 1, true);
  EXPECT_EQ(fixture.call(), "11 11 user-11 user-21");
  EXPECT_EQ(fixture.queue.open_streams(), 4);
}

TEST(StreamQueue, AnUnknownStreamHasToStart) {
  QueueFixture fixture(double_sizes(2, 2, 1));
  fixture.push("a", 1);
  fixture.push("b", 1, true, true);
  fixture.push("b", 1);
  EXPECT_EQ(fixture.call(), "b1");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::done}));
  EXPECT_EQ(fixture.batch.answered[0]->answer.message, "start: got false for the unknown stream \"a\", expected true");
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.outcomes(), std::vector{StreamOutcome::invalid});

  QueueFixture lenient(double_sizes(2, 2, 1), {.require_start = false});
  lenient.push("a", 1);
  EXPECT_EQ(lenient.call(), "a1");
}

TEST(StreamQueue, EvictsTheLeastRecentlyUsedButNoneThatWaits) {
  QueueFixture fixture(double_sizes(2, 1, 1, EvictionPolicy::least_recently_used));
  fixture.push("a", 1, true);
  fixture.push("b", 1, true);
  fixture.call();
  fixture.call();
  fixture.push("a", 1);  // a is the longest without a call, but waits
  fixture.push("c", 1, true);
  EXPECT_EQ(fixture.call(), "a1");
  EXPECT_TRUE(fixture.batch.evictions.empty());
  fixture.take();
  EXPECT_EQ(fixture.rows(), "c1");
  ASSERT_EQ(fixture.batch.evictions.size(), 1U);
  EXPECT_EQ(fixture.batch.evictions[0].slot, 1);  // that of b
  EXPECT_EQ(fixture.batch.evictions[0].reason, EvictionReason::no_free_slot);
  fixture.finish();

  fixture.push("a", 1);
  fixture.push("c", 1);
  fixture.push("d", 1, true);
  EXPECT_EQ(fixture.call(), "a1");
  EXPECT_EQ(fixture.call(), "c1");
  EXPECT_EQ(fixture.call(), "d1");
  EXPECT_EQ(fixture.queue.open_streams(), 2);
}

TEST(StreamQueue, RefusesAStreamWhereNoneMayBeEvicted) {
  for (const EvictionPolicy policy : {EvictionPolicy::never, EvictionPolicy::least_recently_used}) {
    QueueFixture fixture(double_sizes(1, 1, 1, policy));
    fixture.push("a", 2, true);
    fixture.push("b", 1, true);
    fixture.push("b", 1);
    EXPECT_EQ(fixture.call(), "a1");
    EXPECT_EQ(fixture.call(), "a1");  // b, whose turn it is, gets no slot while a waits
    EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::no_slot, StreamOutcome::invalid, StreamOutcome::done}));
    EXPECT_EQ(fixture.queue.waiting(), 0);
  }
}

TEST(StreamQueue, IdleStreamsLoseTheirSlots) {
  QueueFixture fixture(double_sizes(4, 4, 1), {.idle = milliseconds(10)});
  fixture.push("a", 1, true);
  fixture.call();
  fixture.now += milliseconds(4);
  fixture.push("b", 1, true);
  fixture.call();
  EXPECT_EQ(fixture.queue.due(), kBegin + milliseconds(10));
  fixture.now = kBegin + milliseconds(10);
  fixture.push("b", 1);
  EXPECT_EQ(fixture.call(), "b1");
  ASSERT_EQ(fixture.batch.evictions.size(), 1U);
  EXPECT_EQ(fixture.batch.evictions[0].slot, 0);
  EXPECT_EQ(fixture.batch.evictions[0].reason, EvictionReason::idle);
  EXPECT_EQ(fixture.queue.open_streams(), 1);
  EXPECT_EQ(fixture.queue.due(), kBegin + milliseconds(20));
}

TEST(StreamQueue, AFailedCallEndsItsStreams) {
  QueueFixture fixture(double_sizes(2, 2, 2));
  fixture.push("a", 3, true);
  fixture.push("a", 1);
  fixture.push("b", 2, true);
  fixture.push("b", 2, true);
  fixture.take();
  fixture.batch.failure = "why";
  fixture.finish();
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::failed, StreamOutcome::failed}));
  EXPECT_EQ(fixture.batch.answered[1]->answer.message, "why");
  EXPECT_EQ(fixture.queue.open_streams(), 0);
  EXPECT_EQ(fixture.call(), "b2");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::done}));
}

}  // namespace
}  // namespace rondo
