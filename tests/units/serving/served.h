/// A batcher over a double of a pool, and waits for its answers that end.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "serving/batcher_thread.h"
#include "units/serving/pool_double.h"

namespace rondo::test {

/// A batcher over a double.
struct Served {
  explicit Served(const SlotPoolSizes& sizes, const StreamBatcherOptions& options = {})
      : batcher(std::make_unique<BatcherThread>(pool_double(sizes, record), options)) {}

  std::future<StreamAnswer> send(const StreamKey& key, const Tensor& x, bool start = false, bool end = false) {
    return send_numbered(key, x, start, end).second;
  }
  std::pair<std::uint64_t, std::future<StreamAnswer>> send_numbered(const StreamKey& key, const Tensor& x,
                                                                    bool start = false, bool end = false) {
    std::uint64_t number = 0;
    std::future<StreamAnswer> answer = awaited(
        [&](auto done) { number = batcher->submit({.stream = key, .x = x, .start = start, .end = end}, done); });
    return {number, std::move(answer)};
  }

  std::future<StreamAnswer> send_wanting_state(const StreamKey& key, const Tensor& x, bool start = false,
                                               bool end = false) {
    return awaited([&](auto done) {
      batcher->submit({.stream = key, .x = x, .start = start, .end = end, .wants_state = true}, done);
    });
  }

  std::future<StreamAnswer> export_state(const StreamKey& key) {
    return awaited([&](auto done) { batcher->export_state(key, done); });
  }
  std::future<StreamAnswer> import_state(const StreamKey& key, const std::vector<std::byte>& state) {
    return awaited([&](auto done) { batcher->import_state(key, state, done); });
  }

  std::shared_ptr<PoolRecord> record = std::make_shared<PoolRecord>();
  std::unique_ptr<BatcherThread> batcher;

 private:
  template <typename Queue>
  static std::future<StreamAnswer> awaited(const Queue& queue) {
    const auto promise = std::make_shared<std::promise<StreamAnswer>>();
    std::future<StreamAnswer> answer = promise->get_future();
    queue([promise](StreamAnswer given) { promise->set_value(std::move(given)); });
    return answer;
  }
};

inline StreamAnswer answer_of(std::future<StreamAnswer> answer) {
  if (answer.wait_for(std::chrono::seconds(30)) == std::future_status::ready) return answer.get();
  ADD_FAILURE() << "no answer within 30 seconds";
  return {.outcome = StreamOutcome::failed};
}

inline StreamOutcome outcome_of(std::future<StreamAnswer> answer) { return answer_of(std::move(answer)).outcome; }

/// Whether the condition holds within some ten seconds.
template <typename Condition>
bool soon(const Condition& condition) {
  for (int k = 0; k < 10'000; ++k) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

template <typename Work>
void in_threads(int count, const Work& work) {
  std::vector<std::thread> threads;
  for (int k = 0; k < count; ++k) threads.emplace_back(work, k);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace rondo::test
