// The thread of a batcher, over a double of a pool: what becomes of requests.

#include "serving/batcher_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rondo/tensor/allocator.h"
#include "rondo/vocabulary/error.h"
#include "units/serving/served.h"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using test::answer_of;
using test::double_sizes;
using test::ExpectedStream;
using test::outcome_of;
using test::Served;
using test::soon;
using test::steps_of;

const Tensor kStep = steps_of({1});

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
  auto next = served.send("a", steps_of({1, 2, 3}));
  auto waiting = served.send("b", kStep, true);
  BatcherThread& ending = *served.batcher;
  std::thread end([&] { served.batcher.reset(); });
  std::atomic<bool> stopped = false;
  EXPECT_TRUE(soon([&] {
    ending.submit({.stream = "c", .x = kStep, .start = true},
                  [&](const StreamAnswer& answer) { stopped = answer.outcome == StreamOutcome::cancelled; });
    return stopped.load();
  }));
  served.record->release();
  end.join();
  EXPECT_EQ(outcome_of(std::move(running)), StreamOutcome::done);
  EXPECT_EQ(outcome_of(std::move(next)), StreamOutcome::cancelled);
  EXPECT_EQ(outcome_of(std::move(waiting)), StreamOutcome::cancelled);
  EXPECT_EQ(served.record->calls().size(), 1U);
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

TEST(BatcherThread, RefusesOptionsThatCannotBe) {
  const auto made = [](const StreamBatcherOptions& options) { Served(double_sizes(1, 1, 1), options); };
  EXPECT_THROW(made({.max_delay = std::chrono::microseconds(-1)}), ValueError);
  EXPECT_THROW(made({.max_waiting = 0}), ValueError);
  EXPECT_THROW(made({.idle = milliseconds(-1)}), ValueError);
  made({.max_delay = std::chrono::microseconds::max(), .idle = milliseconds::max()});
}

}  // namespace
}  // namespace rondo
