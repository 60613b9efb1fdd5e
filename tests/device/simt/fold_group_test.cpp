// All threads of a group get the fold of their values in every round, in any order of threads.

#include "cuda/device/fold_group.cuh"

#include <gtest/gtest.h>

#include <vector>

#include "cuda/device/launch.cuh"

namespace rondo::test {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kBlocks = 2;
constexpr unsigned kRounds = 3;

struct Plus {
  template <typename Value>
  Value operator()(Value a, Value b) const {
    return a + b;
  }
};

std::int64_t value_of(unsigned round, unsigned thread) { return std::int64_t{round + 1} * 100000 * thread + round; }

template <int kLanes>
void fold_kernel(std::int64_t* results) {
  const unsigned thread = device::block_index().x * kThreads + device::thread_index().x;
  for (unsigned round = 0; round < kRounds; ++round) {
    results[round * kBlocks * kThreads + thread] = device::fold_group<kLanes>(value_of(round, thread), Plus{});
    const double half = device::fold_group<kLanes>(0.5, Plus{});  // another type in the same storage
    results[round * kBlocks * kThreads + thread] += static_cast<std::int64_t>(2 * half);
  }
}

template <int kLanes>
void expect_folds() {
  std::vector<std::int64_t> results(std::size_t{kRounds} * kBlocks * kThreads);
  device::launch(fold_kernel<kLanes>,
                 {.grid = {kBlocks},
                  .block = {kThreads},
                  .shared_bytes = device::fold_bytes<kLanes, std::int64_t>(),
                  .stream = {cpu()}},
                 results.data());
  for (unsigned round = 0; round < kRounds; ++round) {
    for (unsigned thread = 0; thread < kBlocks * kThreads; ++thread) {
      std::int64_t expected = kLanes;
      for (unsigned lane = 0; lane < kLanes; ++lane) expected += value_of(round, thread / kLanes * kLanes + lane);
      ASSERT_EQ(results[round * kBlocks * kThreads + thread], expected) << "round " << round << " thread " << thread;
    }
  }
}

TEST(FoldGroup, GivesAllThreadsTheFoldOfTheirGroup) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const simt::ShuffledSchedule shuffled(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_folds<1>();
    expect_folds<device::kWarpLanes>();
    expect_folds<kThreads>();
  }
}

}  // namespace
}  // namespace rondo::test
