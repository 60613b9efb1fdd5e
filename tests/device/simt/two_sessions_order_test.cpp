// Two sessions of grid kernels whose streams run in any order: either session may be first.

#include <gtest/gtest.h>

#include <array>

#include "device/simt/device/stream_queue.h"
#include "support/two_sessions.h"

namespace rondo::test {
namespace {

constexpr std::uint64_t kSeeds = 12;

/// The times at which the runs of the two sessions ended.
struct Ends {
  std::array<cuda_runtime::Event, 2> events{cuda_runtime::Event(cuda(0)), cuda_runtime::Event(cuda(0))};

  bool first_is_first() const { return events[1].milliseconds_since(events[0]) > 0; }
};

TEST(TwoSessionsOrder, OnTwoStreamsEitherIsFirst) {
  std::array<int, 2> times_first{};
  for (std::uint64_t seed = 0; seed < kSeeds && !::testing::Test::HasFailure(); ++seed) {
    TwoSessions sessions(cuda(0), 32, 2);
    const simt::StreamsInAnyOrder any_order(seed);
    Ends ends;
    sessions.poison();
    sessions.run_both([&](std::size_t k) { ends.events[k].record(sessions.stream(k)); });
    sessions.expect_as_alone();
    ++times_first[ends.first_is_first() ? 0 : 1];
  }
  EXPECT_GT(times_first[0], 0);
  EXPECT_GT(times_first[1], 0);
}

TEST(TwoSessionsOrder, InAGraphEitherBranchIsFirst) {
  std::array<int, 2> times_first{};
  for (std::uint64_t seed = 0; seed < kSeeds && !::testing::Test::HasFailure(); ++seed) {
    TwoSessions sessions(cuda(0), 32, 2);
    const simt::StreamsInAnyOrder any_order(seed);
    Ends ends;
    sessions.poison();
    const cuda_runtime::Graph graph =
        sessions.record_both([&](std::size_t k) { ends.events[k].record(sessions.stream(k)); });
    for (int run = 0; run < 3; ++run) {
      graph.replay(sessions.stream(0));
      sessions.expect_as_alone();
      ++times_first[ends.first_is_first() ? 0 : 1];
    }
  }
  EXPECT_GT(times_first[0], 0);
  EXPECT_GT(times_first[1], 0);
}

}  // namespace
}  // namespace rondo::test
