/// A queue with what a batcher does around it: numbers for requests, slots for rows, and a clock of the test's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serving/stream_queue.h"

namespace rondo::test {

inline constexpr ServingClock::time_point kBegin{std::chrono::hours(1)};

class QueueFixture {
 public:
  explicit QueueFixture(const SlotPoolSizes& sizes, const StreamBatcherOptions& options = {}) : queue(sizes, options) {}

  std::uint64_t push(const StreamKey& key, std::int64_t steps, bool start = false, bool end = false) {
    std::unique_ptr<WaitingRequest> request = new_request(StreamAction::step, nullptr);
    request->x = Tensor::zeros({steps, 1}, DType::f32);
    request->start = start;
    request->end = end;
    return push(key, std::move(request));
  }
  /// Steps behind which the state is wanted.
  std::uint64_t push_wanting(const StreamKey& key, std::int64_t steps, bool start = false) {
    std::unique_ptr<WaitingRequest> request = new_request(StreamAction::step, nullptr);
    request->x = Tensor::zeros({steps, 1}, DType::f32);
    request->start = start;
    request->wants_state = true;
    return push(key, std::move(request));
  }
  std::uint64_t push(const StreamKey& key, StreamAction action) { return push(key, new_request(action, nullptr)); }

  void take() {
    queue.take(now, batch);
    for (std::size_t row = 0; row < batch.rows.size(); ++row) {
      if (batch.rows[row].opens) batch.chunks[row].slot = next_slot_++;
    }
    for (BatchState& state : batch.states) {
      if (state.slot < 0) state.slot = next_slot_++;
    }
  }
  void finish() { queue.finish(now, batch); }

  /// The names of the streams of the batch: those whose states go out or come in, "a> b<", and then the others, each
  /// with its steps: "a2 b1". Where the state is wanted after them: "a2>".
  std::string rows() const {
    std::string text;
    const auto add = [&text](const StreamKey& key, const std::string& what) {
      const auto* const name = std::get_if<std::string>(&key);
      if (!text.empty()) text += ' ';
      text += (name == nullptr ? std::to_string(std::get<std::uint64_t>(key)) : *name) + what;
    };
    for (const BatchState& state : batch.states) {
      add(*state.stream->key, state.request->action == StreamAction::export_state ? ">" : "<");
    }
    for (std::size_t row = 0; row < batch.rows.size(); ++row) {
      const char* const state = batch.rows[row].wants_state == nullptr ? "" : ">";
      add(*batch.rows[row].stream->key, std::to_string(batch.chunks[row].steps) + state);
    }
    return text;
  }
  /// Takes and ends a batch.
  std::string call() {
    take();
    std::string text = rows();
    finish();
    return text;
  }
  std::vector<StreamOutcome> outcomes() const {
    std::vector<StreamOutcome> all;
    for (const auto& request : batch.answered) all.push_back(request->answer.outcome);
    return all;
  }

  StreamQueue queue;
  StreamBatch batch;
  ServingClock::time_point now = kBegin;

 private:
  std::uint64_t push(const StreamKey& key, std::unique_ptr<WaitingRequest> request) {
    request->number = ++last_number_;
    request->submitted = now;
    queue.push(key, std::move(request));
    return last_number_;
  }

  std::uint64_t last_number_ = 0;
  std::int64_t next_slot_ = 0;
};

}  // namespace rondo::test
