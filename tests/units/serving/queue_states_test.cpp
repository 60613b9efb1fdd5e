// States that go out of a queue's streams and come into them, and their place among steps.

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
using test::QueueFixture;

constexpr StreamAction kExport = StreamAction::export_state;
constexpr StreamAction kImport = StreamAction::import_state;

TEST(StreamQueue, AnExportStandsBetweenTheStepsBeforeAndAfterIt) {
  QueueFixture fixture(double_sizes(4, 4, 8));
  fixture.push("a", 2, true);
  fixture.push("a", 1);
  fixture.push("a", kExport);
  fixture.push("a", 3);
  EXPECT_EQ(fixture.call(), "a3");
  EXPECT_EQ(fixture.call(), "a>");
  EXPECT_EQ(fixture.outcomes(), std::vector{StreamOutcome::done});
  EXPECT_EQ(fixture.call(), "a3");
  EXPECT_EQ(fixture.queue.open_streams(), 1);
  EXPECT_EQ(fixture.queue.waiting(), 0);
}

TEST(StreamQueue, AnImportBeginsAStreamThatGoesOnWithoutStart) {
  QueueFixture fixture(double_sizes(1, 4, 8));
  fixture.push("a", kImport);
  fixture.push("a", 3);
  fixture.push("a", kExport);
  EXPECT_EQ(fixture.call(), "a<");
  EXPECT_EQ(fixture.queue.open_streams(), 1);
  EXPECT_EQ(fixture.call(), "a3");
  EXPECT_EQ(fixture.call(), "a>");
  fixture.push("a", 0, false, true);
  fixture.push("a", kImport);
  EXPECT_EQ(fixture.call(), "a<");  // it has ended before
  EXPECT_EQ(fixture.batch.answered.size(), 2U);
  EXPECT_EQ(fixture.queue.open_streams(), 1);
}

TEST(StreamQueue, RefusesStatesOfUnknownStreamsAndOfThoseThatAreThere) {
  QueueFixture fixture(double_sizes(1, 2, 1));
  fixture.push("a", kExport);
  fixture.push("a", 1, true);
  EXPECT_EQ(fixture.call(), "a1");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::done}));
  EXPECT_EQ(fixture.batch.answered[0]->answer.message,
            "stream: got the unknown stream \"a\", expected one that has a state");
  fixture.push("a", kImport);
  fixture.push("b", kImport);
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::no_slot}));
  EXPECT_EQ(fixture.batch.answered[0]->answer.message,
            "stream: got \"a\", which has a state, expected one that has ended");
  EXPECT_EQ(fixture.queue.open_streams(), 1);
  fixture.push("a", 1);
  EXPECT_EQ(fixture.call(), "a1");  // the refused import has not harmed it
}

TEST(StreamQueue, StepsWhoseStateIsWantedAreTheLastOfACall) {
  QueueFixture fixture(double_sizes(4, 2, 4));
  fixture.push("a", 1, true);
  fixture.push_wanting("a", 2);
  fixture.push("a", 1);
  fixture.push_wanting("b", 6, true);
  fixture.push("b", 1);
  EXPECT_EQ(fixture.call(), "a3> b4");  // b has more steps to come before its state
  EXPECT_EQ(fixture.batch.answered.size(), 2U);
  EXPECT_EQ(fixture.call(), "a1 b2>");
  EXPECT_EQ(fixture.call(), "b1");
  EXPECT_EQ(fixture.queue.waiting(), 0);
}

TEST(StreamQueue, AStreamWhoseWantedStateIsLostBeginsAnew) {
  QueueFixture fixture(double_sizes(2, 2, 4));
  fixture.push_wanting("a", 1, true);
  fixture.push("a", 1);
  fixture.push("b", 1, true);
  fixture.take();
  EXPECT_EQ(fixture.rows(), "a1> b1");
  fixture.batch.rows[0].lost = true;
  fixture.finish();
  EXPECT_EQ(fixture.queue.open_streams(), 1);
  EXPECT_EQ(fixture.call(), "");
  EXPECT_EQ(fixture.outcomes(), std::vector{StreamOutcome::invalid});  // the further steps of a lack a start
}

TEST(StreamQueue, StatesTakeTheTurnsAndThePlacesOfStreams) {
  QueueFixture fixture(double_sizes(4, 2, 1));
  for (const char* const name : {"a", "b", "c"}) fixture.push(name, 1, true);
  fixture.push("a", kExport);
  fixture.push("b", 1);
  EXPECT_EQ(fixture.call(), "a1 b1");
  EXPECT_EQ(fixture.call(), "a> c1");
  EXPECT_EQ(fixture.call(), "b1");
}

TEST(StreamQueue, AnImportMayEvictAndAnExportKeepsItsStream) {
  QueueFixture fixture(double_sizes(2, 2, 1, EvictionPolicy::least_recently_used), {.idle = milliseconds(10)});
  fixture.push("a", 1, true);
  fixture.call();
  fixture.now += milliseconds(1);
  fixture.push("b", 1, true);
  fixture.call();
  fixture.now += milliseconds(1);
  fixture.push("a", kExport);
  fixture.push("c", kImport);
  EXPECT_EQ(fixture.call(), "a> c<");
  ASSERT_EQ(fixture.batch.evictions.size(), 1U);
  EXPECT_EQ(fixture.batch.evictions[0].slot, 1);  // that of b
  fixture.now += milliseconds(9);
  fixture.take();
  EXPECT_TRUE(fixture.batch.evictions.empty());  // the export was a use of a
  fixture.finish();
  fixture.now += milliseconds(1);
  fixture.take();
  EXPECT_EQ(fixture.batch.evictions.size(), 2U);
  fixture.finish();
}

TEST(StreamQueue, AStateThatWaitsIsCancelled) {
  QueueFixture fixture(double_sizes(2, 2, 1));
  fixture.push("a", 1, true);
  const std::uint64_t number = fixture.push("a", kExport);
  const std::uint64_t taken = fixture.push("b", kImport);
  fixture.take();
  EXPECT_EQ(fixture.rows(), "b< a1");
  EXPECT_NE(fixture.queue.cancel(fixture.now, number), nullptr);
  EXPECT_EQ(fixture.queue.cancel(fixture.now, taken), nullptr);
  fixture.finish();
  EXPECT_EQ(fixture.call(), "");
}

TEST(StreamQueue, AStateHasMovedThoughTheCallFails) {
  QueueFixture fixture(double_sizes(2, 2, 1));
  fixture.push("a", kImport);
  fixture.push("b", 1, true);
  fixture.take();
  EXPECT_EQ(fixture.rows(), "a< b1");
  fixture.batch.failure = "why";
  fixture.finish();
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::failed, StreamOutcome::done}));
  fixture.push("a", 1);
  EXPECT_EQ(fixture.call(), "a1");
}

// Such a request behind a refused one once had a chunk of no steps, for which the whole call failed.
TEST(StreamQueue, AnEndWithoutStepsNeedsNoCallWhereverItStands) {
  QueueFixture fixture(double_sizes(2, 2, 1));
  fixture.push("a", 1);
  fixture.push("a", 0, true, true);
  fixture.push("b", 1, true);
  EXPECT_EQ(fixture.call(), "b1");
  EXPECT_EQ(fixture.outcomes(), (std::vector{StreamOutcome::invalid, StreamOutcome::done, StreamOutcome::done}));
  EXPECT_EQ(fixture.queue.open_streams(), 1);
}

}  // namespace
}  // namespace rondo
