// The batches that a queue makes, without threads and with a clock of the test's.

#include "serving/stream_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "support/random.h"
#include "units/serving/pool_double.h"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using test::double_sizes;
using test::Random;

constexpr ServingClock::time_point kBegin{std::chrono::hours(1)};

/// A queue with the parts of a batcher that it needs: numbers for requests, and slots for rows.
class Fixture {
 public:
  explicit Fixture(const SlotPoolSizes& sizes, const StreamBatcherOptions& options = {}) : queue(sizes, options) {}

  std::uint64_t push(const StreamKey& key, std::int64_t steps, bool start = false, bool end = false) {
    auto request = std::make_unique<WaitingRequest>();
    request->number = ++last_number_;
    request->x = Tensor::zeros({steps, 1}, DType::f32);
    request->start = start;
    request->end = end;
    request->submitted = now;
    queue.push(key, std::move(request));
    return last_number_;
  }

  void take() {
    queue.take(now, batch);
    for (std::size_t row = 0; row < batch.rows.size(); ++row) {
      if (batch.rows[row].opens) batch.chunks[row].slot = next_slot_++;
    }
  }
  void finish() { queue.finish(now, batch); }

  /// The names of the streams of the batch, each with its steps: "a2 b1".
  std::string rows() const {
    std::string text;
    for (std::size_t row = 0; row < batch.rows.size(); ++row) {
      const StreamKey& key = *batch.rows[row].stream->key;
      const auto* const name = std::get_if<std::string>(&key);
      if (row > 0) text += ' ';
      text += name == nullptr ? std::to_string(std::get<std::uint64_t>(key)) : *name;
      text += std::to_string(batch.chunks[row].steps);
    }
    return text;
  }
  /// Takes and ends a batch.
  std::string call() {
    take();
    std::string text = rows();
    finish();
    return text;
  }
  std::vector<StreamOutcome> outcomes() const {
    std::vector<StreamOutcome> all;
    for (const auto& request : batch.answered) all.push_back(request->answer.outcome);
    return all;
  }

  StreamQueue queue;
  StreamBatch batch;
  ServingClock::time_point now = kBegin;

 private:
  std::uint64_t last_number_ = 0;
  std::int64_t next_slot_ = 0;
};

TEST(StreamQueue, StreamsTakeTurns) {
  Fixture fixture(double_sizes(9, 2, 4));
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
  Fixture fixture(double_sizes(1, 1, 8));
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
  Fixture fixture(double_sizes(1, 1, 8));
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

TEST(StreamQueue, NumbersAndTextsAreOtherStreams) {
  Fixture fixture(double_sizes(4, 4, 1));
  fixture.push(std::uint64_t{1}, 1, true);
  fixture.push("1", 1, true);
  fixture.push("user-1", 1, true);
  fixture.push("user-2", 1, true);
  EXPECT_EQ(fixture.call(), "11 11 user-11 user-21");
  EXPECT_EQ(fixture.queue.open_streams(), 4);
}

TEST(StreamQueue, AnUnknownStreamHasToStart) {
  Fixture fixture(double_sizes(2, 2, 1));
  fixture.push("a", 1);
  fixture.push("b", 1, true, true);
  fixture.push("b", 1);
  EXPECT_EQ(fixture.call(), "b1");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::done}));
  EXPECT_EQ(fixture.batch.answered[0]->answer.message, "start: got false for the unknown stream \"a\", expected true");
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.outcomes(), std::vector{StreamOutcome::invalid});

  Fixture lenient(double_sizes(2, 2, 1), {.require_start = false});
  lenient.push("a", 1);
  EXPECT_EQ(lenient.call(), "a1");
}

TEST(StreamQueue, ABatchIsDueWhenItIsFullOrItsTimeIsOver) {
  Fixture fixture(double_sizes(9, 2, 1), {.max_delay = milliseconds(5)});
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
  Fixture fixture(double_sizes(9, 2, 4), {.max_delay = milliseconds(5)});
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

TEST(StreamQueue, EvictsTheLeastRecentlyUsedButNoneThatWaits) {
  Fixture fixture(double_sizes(2, 1, 1, EvictionPolicy::least_recently_used));
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
    Fixture fixture(double_sizes(1, 1, 1, policy));
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
  Fixture fixture(double_sizes(4, 4, 1), {.idle = milliseconds(10)});
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

TEST(StreamQueue, CancelsWhatHasNotBegun) {
  Fixture fixture(double_sizes(2, 2, 2));
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

TEST(StreamQueue, AFailedCallEndsItsStreams) {
  Fixture fixture(double_sizes(2, 2, 2));
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

TEST(StreamQueue, ClearTakesAllInTheirOrder) {
  Fixture fixture(double_sizes(2, 2, 2));
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
