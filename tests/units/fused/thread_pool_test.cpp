// The thread pool of recurrences on the CPU.

#include "rondo/tensor/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "cpu/threads/pool_scope.h"
#include "cpu/threads/spin.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_words;

/// Parts that meet at a barrier and note their indices.
struct Meeting {
  SpinBarrier barrier;
  std::atomic<int> calls = 0;
  std::atomic<int> count = 0;
  std::vector<std::thread::id> threads = std::vector<std::thread::id>(8);

  static void part(void* work, int index, int count) {
    Meeting& meeting = *static_cast<Meeting*>(work);
    meeting.threads[static_cast<std::size_t>(index)] = std::this_thread::get_id();
    meeting.count = count;
    ++meeting.calls;
    meeting.barrier.arrive_and_wait(count);
  }
};

TEST(ThreadPool, RunsAllPartsAtOnce) {
  const auto pool = make_thread_pool(4);
  EXPECT_EQ(pool->size(), 4);
  for (int most = 1; most <= 6; ++most) {
    for (int run = 0; run < 50; ++run) {
      Meeting meeting;
      pool->run(most, Meeting::part, &meeting);
      const int count = std::min(most, 4);
      ASSERT_EQ(meeting.count, count);
      ASSERT_EQ(meeting.calls, count);
      EXPECT_EQ(meeting.threads[0], std::this_thread::get_id());
      for (int k = 1; k < count; ++k) EXPECT_NE(meeting.threads[static_cast<std::size_t>(k)], meeting.threads[0]);
    }
  }
}

TEST(ThreadPool, ACallerOfABusyPoolRunsAlone) {
  const auto pool = make_thread_pool(2);
  struct Nested {
    ThreadPool& pool;
    std::atomic<int> inner_count = 0;
  } nested{*pool};
  const auto outer = [](void* work, int index, int) {
    Nested& state = *static_cast<Nested*>(work);
    const auto inner = [](void* inner_work, int, int count) { static_cast<Nested*>(inner_work)->inner_count += count; };
    if (index == 0) state.pool.run(2, inner, &state);
  };
  pool->run(2, outer, &nested);
  EXPECT_EQ(nested.inner_count, 1);
}

TEST(ThreadPool, ManyCallersShareIt) {
  const auto pool = make_thread_pool(3);
  std::atomic<int> wrong = 0;
  const auto call = [&] {
    for (int run = 0; run < 200; ++run) {
      Meeting meeting;
      pool->run(3, Meeting::part, &meeting);
      if (meeting.calls != meeting.count) ++wrong;
    }
  };
  std::vector<std::thread> callers;
  for (int k = 0; k < 4; ++k) callers.emplace_back(call);
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadPool, TheDefaultOneIsAsLargeAsTheMachineAndCanBeSet) {
  EXPECT_EQ(default_thread_pool()->size(), properties_of(cpu()).processors);
  EXPECT_EQ(default_thread_pool(), default_thread_pool());
  const auto mine = make_thread_pool(2);
  set_default_thread_pool(mine);
  EXPECT_EQ(default_thread_pool(), mine);
  set_default_thread_pool(nullptr);
  EXPECT_NE(default_thread_pool(), mine);
}

TEST(ThreadPool, NeedsAThread) {
  expect_words([] { make_thread_pool(0); }, {"threads: got 0", "at least 1"});
}

TEST(SpinFor, TellsWhetherItIsDone) {
  using std::chrono::microseconds;
  int polls = 0;
  EXPECT_TRUE(spin_for(std::chrono::hours(1), [&] { return ++polls == 100; }));
  EXPECT_EQ(polls, 100);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(spin_for(microseconds(200), [] { return false; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, microseconds(200));
}

TEST(PoolScope, IsTheDefaultOfItsThreadAlone) {
  const std::shared_ptr<ThreadPool> outer = make_thread_pool(2);
  const std::shared_ptr<ThreadPool> inner = make_thread_pool(3);
  const std::shared_ptr<ThreadPool> before = default_thread_pool();
  {
    const PoolScope scope(outer);
    {
      const PoolScope nested(inner);
      EXPECT_EQ(default_thread_pool(), inner);
      std::thread([&] { EXPECT_EQ(default_thread_pool(), before); }).join();
      const PoolScope none(nullptr);
      EXPECT_EQ(default_thread_pool(), inner);
    }
    EXPECT_EQ(default_thread_pool(), outer);
  }
  EXPECT_EQ(default_thread_pool(), before);
}

}  // namespace
}  // namespace rondo
