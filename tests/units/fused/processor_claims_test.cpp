// Threads of a run leave processors that they share.

#include "cpu/threads/processor_claims.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <thread>
#include <vector>

namespace rondo {
namespace {

using Processors = std::vector<int>;

Processors allowed_processors() {
  cpu_set_t mask;
  Processors processors;
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) return processors;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(static_cast<std::size_t>(processor), &mask)) processors.push_back(processor);
  }
  return processors;
}

/// Lets the calling thread run on these processors alone, which moves it there.
void stay_on(const Processors& processors) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int processor : processors) CPU_SET(static_cast<std::size_t>(processor), &mask);
  ASSERT_EQ(sched_setaffinity(0, sizeof(mask), &mask), 0);
}

class ProcessorClaimsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (processors_.size() < 2)
      GTEST_SKIP() << "a worker that may use one processor has nowhere to go, so nothing can be seen to move";
    two_ = {processors_[0], processors_[1]};
    on({two_[0]}, two_, [&] { claims_.claim(kRun); });
  }

  /// Calls `work` on a thread that begins on one of the first processors and may run on all of `mask`.
  template <typename Work>
  static void on(const Processors& first, const Processors& mask, const Work& work) {
    std::thread([&] {
      stay_on(first);
      stay_on(mask);
      work();
    }).join();
  }

  static constexpr std::uint32_t kRun = 7;

  const Processors processors_ = allowed_processors();
  Processors two_;
  ProcessorClaims claims_;
};

TEST_F(ProcessorClaimsTest, AWorkerLeavesAClaimedProcessorAndKeepsItsMask) {
  on({two_[0]}, two_, [&] {
    LastMove last_move{};
    EXPECT_TRUE(claims_.claim_alone(kRun, last_move));
    EXPECT_NE(last_move, LastMove{});
    EXPECT_EQ(allowed_processors(), two_);
  });
  on({two_[1]}, two_, [&] {  // which the worker has claimed now
    LastMove last_move{};
    EXPECT_FALSE(claims_.claim_alone(kRun, last_move)) << "no processor was free";
    EXPECT_NE(last_move, LastMove{}) << "the processor was not claimed";
    EXPECT_EQ(allowed_processors(), two_);
  });
}

TEST_F(ProcessorClaimsTest, AWorkerStaysOnAProcessorOfItsOwn) {
  on({two_[1]}, {two_[1]}, [&] {
    LastMove last_move{};
    EXPECT_FALSE(claims_.claim_alone(kRun, last_move));
    EXPECT_EQ(last_move, LastMove{});
  });
}

TEST_F(ProcessorClaimsTest, ClaimsOfAnotherRunAreOver) {
  on({two_[0]}, {two_[0]}, [&] {
    LastMove last_move{};
    EXPECT_FALSE(claims_.claim_alone(kRun + 1, last_move));
    EXPECT_EQ(last_move, LastMove{});
  });
}

TEST_F(ProcessorClaimsTest, AWorkerWithoutAnotherProcessorStays) {
  on({two_[0]}, {two_[0]}, [&] {
    LastMove last_move{};
    EXPECT_FALSE(claims_.claim_alone(kRun, last_move));
    EXPECT_EQ(allowed_processors(), Processors{two_[0]});
  });
}

TEST_F(ProcessorClaimsTest, AWorkerThatMovedAMomentAgoStays) {
  on({two_[0]}, two_, [&] {
    LastMove last_move = std::chrono::steady_clock::now() + std::chrono::hours(1);
    EXPECT_FALSE(claims_.claim_alone(kRun, last_move));
  });
}

}  // namespace
}  // namespace rondo
