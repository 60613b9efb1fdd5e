// Clients of many threads at once.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/random.h"
#include "units/serving/served.h"

namespace rondo {
namespace {

using test::answer_of;
using test::double_sizes;
using test::ExpectedStream;
using test::in_threads;
using test::Random;
using test::Served;
using test::steps_of;

/// A client with some streams of its own, which sends chunks of them at random and compares each answer.
class Client {
 public:
  Client(Served& served, int index) : served_(served), random_(static_cast<std::uint64_t>(index)), index_(index) {}

  void run(int requests) {
    for (int k = 0; k < requests; ++k) {
      send(random_.integer(0, kStreams - 1));
      if (awaited_.size() > 8) check_first();
    }
    while (!awaited_.empty()) check_first();
  }

 private:
  static constexpr std::int64_t kStreams = 6;

  struct Awaited {
    std::future<StreamAnswer> answer;
    std::vector<float> expected;
  };

  void send(std::int64_t stream) {
    const StreamKey key = "client " + std::to_string(index_) + ", stream " + std::to_string(stream);
    const bool start = !open_[static_cast<std::size_t>(stream)] || random_.coin(0.1);
    const bool end = random_.coin(0.1);
    std::vector<float> values;
    for (std::int64_t step = random_.integer(1, 7); step > 0; --step)
      values.push_back(static_cast<float>(random_.integer(0, 99)));
    const Tensor x = steps_of(values);
    std::optional<ExpectedStream>& expected = open_[static_cast<std::size_t>(stream)];
    if (start) expected.emplace();
    awaited_.push_back({.answer = served_.send(key, x, start, end), .expected = expected->step(x)});
    if (end) expected.reset();
  }

  void check_first() {
    const StreamAnswer answer = answer_of(std::move(awaited_.front().answer));
    ASSERT_EQ(answer.outcome, StreamOutcome::done) << answer.message;
    EXPECT_EQ(answer.y.to_vector<float>(), awaited_.front().expected);
    awaited_.pop_front();
  }

  Served& served_;
  Random random_;
  const int index_;
  std::array<std::optional<ExpectedStream>, kStreams> open_ = {};
  std::deque<Awaited> awaited_ = {};
};

TEST(BatcherThread, ManyClientsGetWhatEachStreamAloneWouldGive) {
  for (const std::int64_t delay : {0, 200}) {
    Served served(double_sizes(24, 5, 3), {.max_delay = std::chrono::microseconds(delay)});
    in_threads(4, [&](int index) { Client(served, index).run(300); });
    const StreamMetrics metrics = served.batcher->metrics();
    EXPECT_EQ(metrics.requests, 1200);
    EXPECT_EQ(metrics.refused, 0);
    EXPECT_EQ(metrics.waiting, 0);
    EXPECT_EQ(metrics.calls, static_cast<std::int64_t>(served.record->calls().size()));
    EXPECT_EQ(metrics.open_streams, static_cast<std::int64_t>(served.record->open_slots()));
  }
}

// Every way to an answer at once: calls that fail, requests that are cancelled, queues that are full, streams that are
// evicted, and the end of the batcher, while answers are counted.
TEST(BatcherThread, AnswersEachRequestOnce) {
  constexpr int kThreads = 4;
  constexpr int kRequests = 400;
  std::vector<std::atomic<int>> answers(kThreads * kRequests);
  std::vector<std::atomic<int>> last(kThreads * 3);  // the last request of a stream that was answered as done
  for (auto& number : last) number = -1;
  Served served(double_sizes(3, 2, 2, EvictionPolicy::least_recently_used), {.max_waiting = 20});
  in_threads(kThreads, [&](int thread) {
    Random random(static_cast<std::uint64_t>(thread));
    for (int k = 0; k < kRequests; ++k) {
      const auto stream = static_cast<std::size_t>(3 * thread + random.integer(0, 2));
      const auto at = static_cast<std::size_t>(thread * kRequests + k);
      if (random.coin(0.02)) served.record->fail(1);
      const std::uint64_t number = served.batcher->submit({.stream = std::uint64_t{stream},
                                                           .x = Tensor::full({random.integer(1, 5), 1}, 1, DType::f32),
                                                           .start = random.coin(0.6),
                                                           .end = random.coin(0.2)},
                                                          [&, at, stream, k](const StreamAnswer& answer) {
                                                            ++answers[at];
                                                            if (answer.outcome != StreamOutcome::done) return;
                                                            EXPECT_LT(last[stream].exchange(k), k);
                                                          });
      if (random.coin(0.1)) served.batcher->cancel(number);
    }
  });
  const std::int64_t waiting_at_end = served.batcher->metrics().waiting;
  EXPECT_LE(waiting_at_end, 20);
  served.batcher.reset();
  for (const auto& count : answers) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace rondo
