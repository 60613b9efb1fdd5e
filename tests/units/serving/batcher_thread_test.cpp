// The thread of a batcher, over a double of a pool: what clients of many threads are answered.

#include "serving/batcher_thread.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "rondo/tensor/allocator.h"
#include "rondo/vocabulary/error.h"
#include "support/random.h"
#include "units/serving/pool_double.h"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using test::double_sizes;
using test::ExpectedStream;
using test::PoolRecord;
using test::Random;
using test::steps_of;

/// A batcher over a double.
struct Served {
  explicit Served(const SlotPoolSizes& sizes, const StreamBatcherOptions& options = {})
      : batcher(std::make_unique<BatcherThread>(test::pool_double(sizes, record), options)) {}

  std::future<StreamAnswer> send(const StreamKey& key, const Tensor& x, bool start = false, bool end = false) {
    return send_numbered(key, x, start, end).second;
  }
  std::pair<std::uint64_t, std::future<StreamAnswer>> send_numbered(const StreamKey& key, const Tensor& x,
                                                                    bool start = false, bool end = false) {
    const auto promise = std::make_shared<std::promise<StreamAnswer>>();
    std::future<StreamAnswer> answer = promise->get_future();
    const std::uint64_t number =
        batcher->submit({.stream = key, .x = x, .start = start, .end = end},
                        [promise](StreamAnswer given) { promise->set_value(std::move(given)); });
    return {number, std::move(answer)};
  }

  std::shared_ptr<PoolRecord> record = std::make_shared<PoolRecord>();
  std::unique_ptr<BatcherThread> batcher;
};

const Tensor kStep = steps_of({1});

StreamAnswer answer_of(std::future<StreamAnswer> answer) {
  if (answer.wait_for(std::chrono::seconds(30)) == std::future_status::ready) return answer.get();
  ADD_FAILURE() << "no answer within 30 seconds";
  return {.outcome = StreamOutcome::failed};
}

StreamOutcome outcome_of(std::future<StreamAnswer> answer) { return answer_of(std::move(answer)).outcome; }

template <typename Condition>
bool soon(const Condition& condition) {
  for (int k = 0; k < 10'000; ++k) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

template <typename Work>
void in_threads(int count, const Work& work) {
  std::vector<std::thread> threads;
  for (int k = 0; k < count; ++k) threads.emplace_back(work, k);
  for (std::thread& thread : threads) thread.join();
}

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

TEST(BatcherThread, AnswersInTheOrderOfAStream) {
  Served served(double_sizes(2, 2, 1));
  std::vector<int> order;
  for (int k = 0; k < 50; ++k) {
    served.batcher->submit({.stream = std::uint64_t{1}, .x = steps_of({1, 2, 3}), .start = k == 0},
                           [&order, k](StreamAnswer) { order.push_back(k); });
  }
  served.batcher->drain();
  ASSERT_EQ(order.size(), 50U);
  for (int k = 0; k < 50; ++k) EXPECT_EQ(order[static_cast<std::size_t>(k)], k);
}

TEST(BatcherThread, AFullQueueRefuses) {
  Served served(double_sizes(4, 4, 1), {.max_waiting = 3});
  served.record->hold();
  std::vector<std::future<StreamAnswer>> answers;
  answers.push_back(served.send("a", kStep, true));
  ASSERT_TRUE(served.record->await_calls(1));  // it waits no more
  for (int k = 0; k < 3; ++k) answers.push_back(served.send("a", kStep));
  const StreamAnswer refused = answer_of(served.send("b", kStep, true));
  EXPECT_EQ(refused.outcome, StreamOutcome::queue_full);
  EXPECT_EQ(refused.message, "max_waiting: got a further request, expected 3 at most that wait");
  EXPECT_EQ(served.batcher->metrics().waiting, 3);
  served.record->release();
  for (auto& answer : answers) EXPECT_EQ(outcome_of(std::move(answer)), StreamOutcome::done);
  EXPECT_EQ(outcome_of(served.send("b", kStep, true)), StreamOutcome::done);
}

TEST(BatcherThread, RefusesAtOnceWhatIsInvalid) {
  Served served(double_sizes(1, 1, 1));
  served.record->hold();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const StreamAnswer answer = answer_of(served.send("a", steps_of({1, nan}), true));
  EXPECT_EQ(answer.outcome, StreamOutcome::invalid);
  EXPECT_EQ(answer.message, "x: got NaN in step 1, expected finite numbers");
  EXPECT_FALSE(answer.y.defined());
  EXPECT_EQ(served.batcher->metrics().refused, 1);
  served.record->release();
}

/// The former allocator of the CPU, but for pieces that are larger than a limit.
class Scarce final : public Allocator {
 public:
  explicit Scarce(std::size_t limit) : limit_(limit) {}

  Device device() const override { return cpu(); }
  void* allocate(std::size_t bytes, Stream stream) override {
    if (bytes > limit_) throw OutOfMemory("no memory for " + std::to_string(bytes) + " bytes");
    return former_->allocate(bytes, stream);
  }
  void deallocate(void* pointer, std::size_t bytes, Stream stream) noexcept override {
    former_->deallocate(pointer, bytes, stream);
  }

 private:
  const std::size_t limit_;
  const std::shared_ptr<Allocator> former_ = default_allocator(cpu());
};

TEST(BatcherThread, ARequestThatThereIsNoMemoryForFailsAlone) {
  Served served(double_sizes(1, 1, 1));
  const Tensor endless = kStep.broadcast_to({std::int64_t{1} << 40, 1});  // a view of one step
  set_default_allocator(cpu(), std::make_shared<Scarce>(1 << 20));
  const StreamAnswer answer = answer_of(served.send("a", endless, true));
  set_default_allocator(cpu(), nullptr);
  EXPECT_EQ(answer.outcome, StreamOutcome::failed);
  EXPECT_EQ(answer.message, "no memory for 4398046511104 bytes");
  EXPECT_EQ(outcome_of(served.send("a", kStep, true)), StreamOutcome::done);
}

TEST(BatcherThread, CancelsWhatWaits) {
  Served served(double_sizes(4, 1, 2));
  served.record->hold();
  auto running = served.send_numbered("a", steps_of({1, 2, 3}), true);
  ASSERT_TRUE(served.record->await_calls(1));
  auto waiting = served.send_numbered("a", steps_of({7}));
  auto last = served.send_numbered("a", steps_of({4}));
  EXPECT_FALSE(served.batcher->cancel(running.first));
  EXPECT_TRUE(served.batcher->cancel(waiting.first));
  EXPECT_FALSE(served.batcher->cancel(waiting.first));
  EXPECT_FALSE(served.batcher->cancel(12345));
  EXPECT_EQ(outcome_of(std::move(waiting.second)), StreamOutcome::cancelled);
  served.record->release();
  ExpectedStream expected;
  EXPECT_EQ(answer_of(std::move(running.second)).y.to_vector<float>(), expected.step(steps_of({1, 2, 3})));
  EXPECT_EQ(answer_of(std::move(last.second)).y.to_vector<float>(), expected.step(steps_of({4})));
  EXPECT_FALSE(served.batcher->cancel(last.first));
}

TEST(BatcherThread, ItsEndCancelsWhatWaits) {
  Served served(double_sizes(4, 1, 2));
  served.record->hold();
  auto running = served.send("a", kStep, true);
  ASSERT_TRUE(served.record->await_calls(1));
  auto begun = served.send("a", steps_of({1, 2, 3}));
  auto waiting = served.send("b", kStep, true);
  std::thread end([&] { served.batcher.reset(); });
  served.record->release();
  end.join();
  EXPECT_EQ(outcome_of(std::move(running)), StreamOutcome::done);
  for (auto* const answer : {&begun, &waiting}) {
    const StreamOutcome outcome = outcome_of(std::move(*answer));  // the end may come a call later
    EXPECT_TRUE(outcome == StreamOutcome::cancelled || outcome == StreamOutcome::done);
  }
}

TEST(BatcherThread, AFailedCallIsToldToItsStreamsAlone) {
  Served served(double_sizes(4, 2, 2));
  EXPECT_EQ(outcome_of(served.send("other", kStep, true)), StreamOutcome::done);
  served.record->fail(1);
  const StreamAnswer failed = answer_of(served.send("a", steps_of({1, 2, 3}), true));
  EXPECT_EQ(failed.outcome, StreamOutcome::failed);
  EXPECT_EQ(failed.message, "the double failed");
  EXPECT_FALSE(failed.y.defined());
  EXPECT_EQ(outcome_of(served.send("a", kStep)), StreamOutcome::invalid);
  EXPECT_EQ(answer_of(served.send("other", kStep)).y.to_vector<float>(), std::vector<float>{4});
  EXPECT_EQ(served.record->open_slots(), 1U);
  EXPECT_EQ(served.batcher->metrics().open_streams, 1);
  EXPECT_EQ(answer_of(served.send("a", kStep, true)).y.to_vector<float>(), std::vector<float>{1});
}

TEST(BatcherThread, GoesOnWhereDoneThrows) {
  Served served(double_sizes(4, 2, 2));
  const auto throwing = [](const StreamAnswer&) { throw std::runtime_error("a client's mistake"); };
  served.batcher->submit({.stream = "a", .x = kStep, .start = true}, throwing);
  served.batcher->submit({.stream = "a", .x = {}}, throwing);  // refused on this thread
  served.batcher->submit({.stream = "a", .x = kStep}, nullptr);
  served.batcher->drain();
  EXPECT_EQ(outcome_of(served.send("a", kStep)), StreamOutcome::done);
  EXPECT_EQ(served.batcher->metrics().requests, 3);
}

TEST(BatcherThread, DoneMaySendTheNextRequest) {
  Served served(double_sizes(4, 2, 2));
  std::promise<int> refused;
  std::atomic<int> answered = 0;
  std::function<void(StreamAnswer)> next = [&](const StreamAnswer&) {
    if (++answered < 100) {
      served.batcher->submit({.stream = "a", .x = kStep}, next);
      return;
    }
    try {
      served.batcher->drain();
    } catch (const RuntimeError&) {
      refused.set_value(answered);
    }
  };
  served.batcher->submit({.stream = "a", .x = kStep, .start = true}, next);
  std::future<int> all = refused.get_future();
  ASSERT_EQ(all.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(all.get(), 100);
  served.batcher->drain();
}

TEST(BatcherThread, WaitsForAFullBatchNoLongerThanAllowed) {
  Served served(double_sizes(8, 4, 1), {.max_delay = std::chrono::hours(1)});
  std::vector<std::future<StreamAnswer>> answers;
  for (int k = 0; k < 4; ++k) EXPECT_EQ(outcome_of(served.send("idle", kStep, k == 0)), StreamOutcome::done);
  const std::size_t before = served.record->calls().size();
  for (std::uint64_t k = 0; k < 4; ++k) answers.push_back(served.send(k, kStep, true));
  for (auto& answer : answers) EXPECT_EQ(outcome_of(std::move(answer)), StreamOutcome::done);
  ASSERT_EQ(served.record->calls().size(), before + 1);
  EXPECT_EQ(served.record->calls().back().size(), 4U);

  Served bounded(double_sizes(8, 4, 1), {.max_delay = milliseconds(2)});
  EXPECT_EQ(outcome_of(bounded.send("idle", kStep, true)), StreamOutcome::done);
  EXPECT_EQ(outcome_of(bounded.send("a", kStep, true)), StreamOutcome::done);  // though the batch is not full
}

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

TEST(BatcherThread, RefusesOptionsThatCannotBe) {
  const auto made = [](const StreamBatcherOptions& options) { Served(double_sizes(1, 1, 1), options); };
  EXPECT_THROW(made({.max_delay = std::chrono::microseconds(-1)}), ValueError);
  EXPECT_THROW(made({.max_waiting = 0}), ValueError);
  EXPECT_THROW(made({.idle = milliseconds(-1)}), ValueError);
  made({.max_delay = std::chrono::microseconds::max(), .idle = milliseconds::max()});
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
