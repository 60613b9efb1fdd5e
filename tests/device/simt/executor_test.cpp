// Tests of the executor that runs kernels on the host, by kernels written for these tests.

#include "device/simt/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "cuda/device/launch.cuh"
#include "device/simt/guarded_memory.h"
#include "device/simt/heap_block.h"
#include "device/simt/self_test_kernels.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using device::block_index;
using device::block_size;
using device::thread_index;

constexpr std::uint64_t kSchedules = 10;

/// Each thread writes its index, in a grid and block of two dimensions.
__global__ void identity_kernel(unsigned* seen) {
  const unsigned block = block_index().y * simt::place().grid_size.x + block_index().x;
  const unsigned thread = thread_index().y * block_size().x + thread_index().x;
  const unsigned i = block * block_size().x * block_size().y + thread;
  seen[i] = i;
}

TEST(SimtExecutor, EveryThreadOfTheGridRunsOnce) {
  const HeapBlock<unsigned> seen(2 * 3 * 5 * 4);
  device::launch(identity_kernel, {.grid = {2, 3}, .block = {5, 4}}, seen.data());
  for (unsigned i = 0; i < seen.elements().size(); ++i) EXPECT_EQ(seen[i], i);
}

TEST(SimtExecutor, BarriersHoldUnderEverySchedule) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    const HeapBlock<float> values(kThreads);
    for (unsigned i = 0; i < kThreads; ++i) values[i] = static_cast<float>(i);
    device::launch(reverse_kernel<true>, {.block = {kThreads}, .shared_bytes = values.bytes()}, values.data());
    for (unsigned i = 0; i < kThreads; ++i) EXPECT_EQ(values[i], static_cast<float>(kThreads - 1 - i));
  }
}

/// Fills the block's shared memory with the block's number, and sums it.
__global__ void shared_memory_kernel(float* before, float* sums) {
  float* shared = reinterpret_cast<float*>(device::shared_memory());
  if (thread_index().x == 0) before[block_index().x] = shared[0];
  device::block_barrier();
  shared[thread_index().x] = static_cast<float>(block_index().x + 1);
  device::block_barrier();
  if (thread_index().x != 0) return;
  float sum = 0.0F;
  for (unsigned i = 0; i < block_size().x; ++i) sum += shared[i];
  sums[block_index().x] = sum;
}

TEST(SimtExecutor, EachBlockHasItsOwnSharedMemoryAndFindsNaNThere) {
  const simt::ShuffledSchedule schedule(1);
  const HeapBlock<float> before(kBlocks);
  const HeapBlock<float> sums(kBlocks);
  device::launch(shared_memory_kernel,
                 {.grid = {kBlocks}, .block = {kThreads}, .shared_bytes = kThreads * sizeof(float)}, before.data(),
                 sums.data());
  for (unsigned b = 0; b < kBlocks; ++b) {
    EXPECT_TRUE(std::isnan(before[b]));
    EXPECT_EQ(sums[b], static_cast<float>((b + 1) * kThreads));
  }
}

__global__ void shuffle_kernel(float* swapped, unsigned* following, unsigned* chosen) {
  const unsigned i = thread_index().x;
  swapped[i] = device::shuffle_xor(static_cast<float>(i), 1);
  following[i] = device::shuffle_down(i, 4);
  chosen[i] = device::shuffle_among<8>(i, 3);
}

TEST(SimtExecutor, SharedMemoryEndsAtAGuardPage) {
  EXPECT_EQ(simt::GuardedMemory().data(), nullptr);
  for (const std::size_t bytes : {std::size_t{16}, std::size_t{4096}, std::size_t{70000}}) {
    const simt::GuardedMemory memory(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % simt::GuardedMemory::kAlignment, 0U);
    std::fill_n(memory.data(), bytes, std::byte{1});
    const volatile std::byte* behind = memory.data() + bytes;
    EXPECT_DEATH((void)*behind, "") << bytes;
  }
}

TEST(SimtExecutor, ShufflesStayInTheirWarp) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    const HeapBlock<float> swapped(kThreads);
    const HeapBlock<unsigned> following(kThreads);
    const HeapBlock<unsigned> chosen(kThreads);
    device::launch(shuffle_kernel, {.block = {kThreads}}, swapped.data(), following.data(), chosen.data());
    const auto given_by = [](unsigned source, unsigned caller) { return source < kThreads ? source : caller; };
    for (unsigned i = 0; i < kThreads; ++i) {
      EXPECT_EQ(swapped[i], static_cast<float>(i ^ 1));
      EXPECT_EQ(following[i], i % 32 < 28 ? given_by(i + 4, i) : i);
      EXPECT_EQ(chosen[i], given_by(i / 8 * 8 + 3, i));
    }
  }
}

/// The last thread of the grid publishes a value; all others wait for its flag in a loop.
__global__ void publish_kernel(float* value, unsigned* flag, float* copies) {
  const unsigned i = block_index().x * block_size().x + thread_index().x;
  const std::atomic_ref<unsigned> published(*flag);
  if (i == simt::place().grid_size.x * block_size().x - 1) {
    *value = 5.0F;
    published.store(1, std::memory_order_release);
  }
  while (published.load(std::memory_order_acquire) == 0) simt::pause();
  copies[i] = *value;
}

TEST(SimtExecutor, AFlagCarriesAValue) {
  const HeapBlock<float> value(1);
  const HeapBlock<unsigned> flag(1);
  const HeapBlock<float> copies(kBlocks * kThreads);
  flag[0] = 0;
  device::launch(publish_kernel, {.grid = {kBlocks}, .block = {kThreads}, .cooperative = true}, value.data(),
                 flag.data(), copies.data());
  for (const float copy : copies.elements()) EXPECT_EQ(copy, 5.0F);
}

__global__ void leaves_early_kernel() {
  if (thread_index().x != 1) device::block_barrier();
}

TEST(SimtExecutor, AThreadThatLeavesIsADeadlock) {
  expect_error<simt::Deadlock>([] { device::launch(leaves_early_kernel, {.grid = {2}, .block = {3}}); },
                               "deadlock: 4 of 6 threads wait for others that never arrive: "
                               "thread (0, 0) of block (0, 0) at a block barrier that 2 of 3 have reached, "
                               "thread (2, 0) of block (0, 0) at a block barrier that 2 of 3 have reached, "
                               "thread (0, 0) of block (1, 0) at a block barrier that 2 of 3 have reached, "
                               "thread (2, 0) of block (1, 0) at a block barrier that 2 of 3 have reached");
}

__global__ void different_barriers_kernel() { thread_index().x == 0 ? device::block_barrier() : simt::grid_barrier(); }

__global__ void waits_forever_kernel() {
  for (;;) simt::pause();
}

TEST(SimtExecutor, OtherDeadlocks) {
  expect_words<simt::Deadlock>([] { device::launch(different_barriers_kernel, {.block = {2}}); },
                               {"block barrier that 1 of 2", "grid barrier that 1 of 2"});
  expect_words<simt::Deadlock>([] { device::launch(waits_forever_kernel, {}); },
                               {"1 of 1 threads", "thread (0, 0) of block (0, 0) in a loop with pause()"});
}

/// Counts the objects that live on the stacks of threads.
struct Guard {
  explicit Guard(int* count) : count_(count) { ++*count_; }
  ~Guard() { --*count_; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  int* count_;
};

__global__ void throws_kernel(int* alive) {
  const Guard guard(alive + thread_index().x);
  if (thread_index().x == 2) throw std::out_of_range("from the device");
  device::block_barrier();
}

TEST(SimtExecutor, AnExceptionReachesTheCallerAndOtherThreadsAreUnwound) {
  const HeapBlock<int> alive(8);
  for (int& count : alive.elements()) count = 0;
  expect_error<std::out_of_range>([&] { device::launch(throws_kernel, {.block = {8}}, alive.data()); },
                                  "from the device");
  for (const int count : alive.elements()) EXPECT_EQ(count, 0);
}

TEST(SimtExecutor, RefusesWhatCudaRefuses) {
  for (const device::LaunchConfig& config :
       {device::LaunchConfig{.grid = {0, 1}}, device::LaunchConfig{.grid = {1, 65536}},
        device::LaunchConfig{.block = {0, 1}}, device::LaunchConfig{.block = {64, 17}},
        device::LaunchConfig{.grid = {3}, .cluster_blocks = 2}, device::LaunchConfig{.grid = {2}, .cluster_blocks = 4},
        device::LaunchConfig{.cluster_blocks = 0}}) {
    expect_words<std::invalid_argument>([&] { device::launch(waits_forever_kernel, config); }, {"CUDA allows"});
  }
  const device::LaunchConfig large{.grid = {32}, .cluster_blocks = 32};
  expect_words<std::invalid_argument>([&] { simt::run_grid(large, [] {}); }, {"a cluster of 32 blocks", "CUDA allows"});
}

__global__ void grid_barrier_kernel() { simt::grid_barrier(); }

TEST(SimtExecutor, BlocksWaitForEachOtherInACooperativeGridOnly) {
  const device::LaunchConfig alone{.grid = {4}, .cluster_blocks = 4};
  device::launch(grid_barrier_kernel, alone);
  device::launch(grid_barrier_kernel, {.grid = {2, 2}, .cooperative = true});
  const device::LaunchConfig two{.grid = {4}, .cluster_blocks = 2};
  expect_words<std::logic_error>([&] { device::launch(grid_barrier_kernel, two); }, {"2 clusters", "not cooperative"});
  expect_words<std::logic_error>([&] { device::launch(waits_forever_kernel, two); }, {"2 clusters", "not cooperative"});
}

}  // namespace
}  // namespace rondo::test
