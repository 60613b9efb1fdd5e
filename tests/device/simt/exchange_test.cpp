// Words that blocks of a cluster push to each other, and that blocks of a grid send in packets, arrive whole in every
// step. The tests also show faults that a device would have; faults that are data races are in faults.cpp.

#include <gtest/gtest.h>

#include "device/simt/run_exchange.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::uint64_t kSchedules = 10;
constexpr int kSteps = 9;

/// How many schedules make `is_right()` false.
template <typename IsRight>
std::uint64_t wrong_schedules(const IsRight& is_right) {
  std::uint64_t wrong = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    if (!is_right()) ++wrong;
  }
  return wrong;
}

TEST(PushExchange, GivesRightNumbersUnderEverySchedule) {
  EXPECT_TRUE(push_exchange_is_right({.steps = kSteps}));
  EXPECT_EQ(wrong_schedules([] { return push_exchange_is_right({.steps = kSteps}); }), 0U);
}

TEST(PushExchange, ABlockMayNotEndBeforePushesToItArrive) {
  expect_words<std::logic_error>([] { push_exchange_is_right({.steps = 1, .fault = PushFault::no_last_wait}); },
                                 {"ends", "pushed to it that no thread has waited for"});
}

TEST(PushExchange, BarriersMustBeThereBeforeTheyAreUsed) {
  expect_words<std::logic_error>([] { push_exchange_is_right({.steps = 1, .fault = PushFault::no_first_barrier}); },
                                 {"PushBarrier: used without init_barrier"});
}

TEST(PushExchange, BytesThatNeverArriveAreADeadlock) {
  expect_words<simt::Deadlock>(
      [] { push_exchange_is_right({.steps = 3, .too_many_bytes = 16}); },
      {"320 of 320 threads", "thread (0, 0) of block (0, 0) at a push barrier that waits for 16 more bytes"});
}

TEST(PacketExchange, GivesRightNumbersUnderEverySchedule) {
  EXPECT_TRUE(packet_exchange_is_right({.steps = kSteps}));
  EXPECT_EQ(wrong_schedules([] { return packet_exchange_is_right({.steps = kSteps}); }), 0U);
}

TEST(PacketExchange, BelievingAPacketGivesWrongNumbers) {
  for (const PacketFault fault : {PacketFault::no_epoch, PacketFault::first_epoch}) {
    EXPECT_GT(wrong_schedules([&] { return packet_exchange_is_right({.steps = kSteps, .fault = fault}); }), 0U);
  }
}

TEST(PacketExchange, ASingleBufferLosesPackets) {
  const simt::ShuffledSchedule schedule(1);
  expect_words<simt::Deadlock>([] { packet_exchange_is_right({.steps = kSteps, .fault = PacketFault::one_buffer}); },
                               {"in a loop with pause()"});
}

}  // namespace
}  // namespace rondo::test
