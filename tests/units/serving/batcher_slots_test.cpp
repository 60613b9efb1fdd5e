// The slots that a batcher takes and gives back, and what it counts.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

#include "units/serving/served.h"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using test::double_sizes;
using test::outcome_of;
using test::Served;
using test::soon;
using test::steps_of;

const Tensor kStep = steps_of({1});

TEST(BatcherThread, EvictsIdleStreamsWithoutTraffic) {
  Served served(double_sizes(2, 2, 1), {.idle = milliseconds(1)});
  EXPECT_EQ(outcome_of(served.send("a", kStep, true)), StreamOutcome::done);
  EXPECT_TRUE(soon([&] { return served.record->evictions().size() == 1; }));
  EXPECT_TRUE(soon([&] { return served.batcher->metrics().open_streams == 0; }));
  EXPECT_EQ(served.batcher->metrics().evictions, 1);
  EXPECT_EQ(outcome_of(served.send("a", kStep)), StreamOutcome::invalid);
}

TEST(BatcherThread, AThousandStreamsWithoutEndStayWithinTheSlots) {
  Served served(double_sizes(16, 4, 1, EvictionPolicy::least_recently_used));
  for (std::uint64_t k = 0; k < 1000; ++k) {
    EXPECT_EQ(outcome_of(served.send(k, kStep, true)), StreamOutcome::done);
  }
  EXPECT_EQ(served.record->open_slots(), 16U);
  EXPECT_EQ(served.batcher->metrics().open_streams, 16);
  EXPECT_EQ(served.batcher->metrics().evictions, 984);
}

TEST(BatcherThread, AClientThatHasGoneGivesItsSlotBack) {
  Served served(double_sizes(1, 1, 1));
  EXPECT_EQ(outcome_of(served.send("a", kStep, true)), StreamOutcome::done);
  EXPECT_EQ(outcome_of(served.send("b", kStep, true)), StreamOutcome::no_slot);
  EXPECT_EQ(outcome_of(served.send("a", {}, false, true)), StreamOutcome::done);
  EXPECT_EQ(served.record->open_slots(), 0U);
  EXPECT_EQ(outcome_of(served.send("b", kStep, true)), StreamOutcome::done);
}

TEST(BatcherThread, CountsWhatItDid) {
  Served served(double_sizes(4, 2, 2));
  served.record->hold();
  std::vector<std::future<StreamAnswer>> answers;
  answers.push_back(served.send("a", steps_of({1, 2, 3}), true));
  ASSERT_TRUE(served.record->await_calls(1));
  for (const char* const name : {"b", "c"}) answers.push_back(served.send(name, kStep, true));
  served.record->release();
  for (auto& answer : answers) EXPECT_EQ(outcome_of(std::move(answer)), StreamOutcome::done);
  served.batcher->drain();
  const StreamMetrics metrics = served.batcher->metrics();
  EXPECT_EQ(metrics.calls, 3);  // a, b and c, a
  EXPECT_EQ(metrics.rows, 4);
  EXPECT_EQ(metrics.steps, 5);
  EXPECT_EQ(metrics.batch_rows[0], 2);
  EXPECT_EQ(metrics.batch_rows[1], 1);
  EXPECT_EQ(metrics.requests, 3);
  EXPECT_EQ(metrics.open_streams, 3);
  std::int64_t waited = 0;
  for (const std::int64_t count : metrics.wait_microseconds) waited += count;
  EXPECT_EQ(waited, 3);
  EXPECT_GT(metrics.call_seconds, 0);
}

}  // namespace
}  // namespace rondo
