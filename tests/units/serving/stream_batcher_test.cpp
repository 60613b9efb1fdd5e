// A batcher on a StatePool: streams that share calls get the bits that each would get alone.

#include "rondo/serving/stream_batcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rondo/vocabulary/error.h"
#include "support/child.h"
#include "support/compare.h"
#include "support/random.h"
#include "units/serving/random_stack.h"

namespace rondo {
namespace {

using test::identical;
using test::Random;

constexpr std::int64_t I = 5;
constexpr std::int64_t H = 9;

LoadedNetwork stack() {
  Random random(7);
  return test::random_stack(random, {CellKind::lstm, CellKind::gru}, {.I = I, .H = H});
}

StatePool pool(std::int64_t slots) {
  return {stack(), {.slots = slots, .max_rows = 6, .max_steps = 3, .network = {.threads = 1}}};
}

/// A stream whose steps are sent in chunks of random lengths, all at once.
class SentStream {
 public:
  SentStream(StreamBatcher& batcher, const StreamKey& key, Random& random)
      : x_(random.tensor({random.integer(1, 40), I}, 1.0)) {
    const std::int64_t T = x_.size(0);
    for (std::int64_t at = 0; at < T;) {
      const std::int64_t end = std::min(T, at + random.integer(1, 8));
      answers_.push_back(batcher.submit({.stream = key, .x = x_.slice(0, at, end), .start = at == 0, .end = end == T}));
      at = end;
    }
  }

  void expect_bits_of_a_session() {
    const Tensor expected = test::stream_alone(stack(), x_, {.threads = 1});
    std::int64_t at = 0;
    for (auto& future : answers_) {
      ASSERT_EQ(future.wait_for(std::chrono::seconds(60)), std::future_status::ready);
      const StreamAnswer answer = future.get();
      ASSERT_EQ(answer.outcome, StreamOutcome::done) << answer.message;
      const std::int64_t end = at + answer.y.size(0);
      EXPECT_TRUE(identical(answer.y, expected.slice(0, at, end).contiguous()));
      at = end;
    }
  }

 private:
  Tensor x_;
  std::vector<std::future<StreamAnswer>> answers_;
};

TEST(StreamBatcher, StreamsThatShareCallsGetTheBitsOfStreamsAlone) {
  constexpr int kThreads = 4;
  constexpr int kStreams = 12;
  StreamBatcher batcher(pool(kThreads * kStreams), {.max_waiting = 100'000});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&batcher, thread] {
      Random random(static_cast<std::uint64_t>(thread));
      std::vector<SentStream> streams;
      for (int k = 0; k < kStreams; ++k) {
        const auto number = static_cast<std::uint64_t>(kStreams * thread + k);
        const StreamKey key = k % 2 == 0 ? StreamKey(number) : StreamKey(std::to_string(number - 1));
        streams.emplace_back(batcher, key, random);
      }
      for (SentStream& stream : streams) stream.expect_bits_of_a_session();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StreamMetrics metrics = batcher.metrics();
  EXPECT_EQ(metrics.open_streams, 0);
  EXPECT_EQ(metrics.refused, 0);
  EXPECT_GT(metrics.rows, metrics.calls);  // streams did share calls
}

TEST(StreamBatcher, AReusedNameStartsFresh) {
  StreamBatcher batcher(pool(6));
  const Tensor x = Random(4).tensor({4, I}, 1.0);
  const Tensor first = batcher.submit({.stream = "a", .x = x, .start = true}).get().y;
  const Tensor going_on = batcher.submit({.stream = "a", .x = x}).get().y;
  const Tensor again = batcher.submit({.stream = "a", .x = x, .start = true, .end = true}).get().y;
  const Tensor after_end = batcher.submit({.stream = "a", .x = x, .start = true}).get().y;
  EXPECT_TRUE(identical(again, first));
  EXPECT_TRUE(identical(after_end, first));
  EXPECT_FALSE(identical(going_on, first));
}

TEST(StreamBatcher, TellsTheOwnerOfEvictions) {
  std::atomic<int> told = 0;
  StatePool evicting(stack(), {.slots = 6,
                               .max_rows = 6,
                               .network = {.threads = 1},
                               .eviction = EvictionPolicy::least_recently_used,
                               .on_eviction = [&](std::int64_t, EvictionReason) {
                                 if (++told == 1) throw RuntimeError("a mistake of the owner's");
                               }});
  StreamBatcher batcher(std::move(evicting));
  const Tensor x = Tensor::zeros({1, I}, DType::f32);
  for (std::uint64_t stream = 0; stream < 10; ++stream) {
    EXPECT_EQ(batcher.submit({.stream = stream, .x = x, .start = true}).get().outcome, StreamOutcome::done);
  }
  EXPECT_EQ(told, 4);
  EXPECT_EQ(batcher.metrics().open_streams, 6);
}

TEST(StreamBatcher, MayBeMoved) {
  StreamBatcher batcher(pool(6));
  std::future<StreamAnswer> answer =
      batcher.submit({.stream = "a", .x = Tensor::zeros({40, I}, DType::f32), .start = true});
  StreamBatcher moved = std::move(batcher);
  EXPECT_EQ(answer.get().outcome, StreamOutcome::done);
  moved = StreamBatcher(pool(6));
  EXPECT_EQ(moved.metrics().requests, 0);
  EXPECT_NE(moved.prometheus("m").find("rondo_stream_open_streams{model=\"m\"} 0\n"), std::string::npos);
}

TEST(StreamBatcher, AChildOfForkIsToldThatItHasNoThread) {
  auto batcher = std::make_unique<StreamBatcher>(pool(6));
  const Tensor x = Tensor::zeros({1, I}, DType::f32);
  EXPECT_TRUE(test::holds_in_child([&] {
    int refused = 0;
    for (const auto& call : {+[](StreamBatcher&of, const Tensor&steps) {
                               static_cast<void>(of.submit({.stream = "a", .x = steps, .start = true}));
                             },
                             +[](StreamBatcher&of, const Tensor&) { of.drain(); },
                             +[](StreamBatcher&of, const Tensor&) { static_cast<void>(of.metrics()); },
                             +[](StreamBatcher&of, const Tensor&) { of.cancel(1); }}) {
      try {
        call(*batcher, x);
      } catch (const RuntimeError&) {
        ++refused;
      }
    }
    batcher.reset();
    return refused == 4;
  }));
  EXPECT_EQ(batcher->submit({.stream = "a", .x = x, .start = true}).get().outcome, StreamOutcome::done);
}

}  // namespace
}  // namespace rondo
