#include "serving/stream_queue.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace rondo {
namespace {

// Longer times may be longer than the clock can count from now on.
constexpr std::chrono::hours kLongest{24 * 365};

template <typename Duration>
ServingClock::duration bounded(Duration duration) {
  if (duration > std::chrono::duration_cast<Duration>(kLongest)) return kLongest;
  return duration;
}

}  // namespace

StreamQueue::StreamQueue(const SlotPoolSizes& sizes, const StreamBatcherOptions& options)
    : sizes_(sizes),
      require_start_(options.require_start),
      max_delay_(bounded(options.max_delay)),
      idle_(bounded(options.idle)) {}

void StreamQueue::push(const StreamKey& key, std::unique_ptr<WaitingRequest> request) {
  const auto found = streams_.try_emplace(key).first;
  QueuedStream& stream = found->second;
  stream.key = &found->first;
  const Time submitted = request->submitted;
  stream_of_.emplace(request->number, &stream);
  stream.waiting.push_back(std::move(request));
  ++waiting_;
  if (stream.place == QueuedStream::Place::nowhere || stream.place == QueuedStream::Place::idle) {
    make_ready(stream, submitted);
  }
}

std::unique_ptr<WaitingRequest> StreamQueue::cancel(Time now, std::uint64_t number) {
  const auto found = stream_of_.find(number);
  if (found == stream_of_.end()) return nullptr;
  QueuedStream& stream = *found->second;
  const auto at = std::find_if(stream.waiting.begin(), stream.waiting.end(),
                               [&](const auto& request) { return request->number == number; });
  if ((*at)->taken > 0) return nullptr;
  std::unique_ptr<WaitingRequest> request = std::move(*at);
  stream.waiting.erase(at);
  stream_of_.erase(found);
  --waiting_;
  if (stream.waiting.empty() && stream.place == QueuedStream::Place::ready) put_back(stream, now);
  return request;
}

std::vector<std::unique_ptr<WaitingRequest>> StreamQueue::clear() {
  std::vector<std::unique_ptr<WaitingRequest>> all;
  for (auto& [key, stream] : streams_) {
    while (!stream.waiting.empty()) all.push_back(take_front(stream));
  }
  // Clients are answered in the order in which they came.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->number < b->number; });
  ready_.clear();
  idle_slots_.clear();
  streams_.clear();
  return all;
}

StreamQueue::Time StreamQueue::due() const {
  Time due = Time::max();
  if (idle_.count() > 0 && !idle_slots_.empty()) due = idle_slots_.front()->last_used + idle_;
  if (ready_.empty()) return due;
  const bool full = static_cast<std::int64_t>(ready_.size()) >= sizes_.max_rows;
  const bool all_wait = idle_slots_.empty();
  return full || all_wait ? Time::min() : std::min(due, oldest_ + max_delay_);
}

void StreamQueue::take(Time now, StreamBatch& batch) {
  batch.clear();
  while (idle_.count() > 0 && !idle_slots_.empty() && idle_slots_.front()->last_used + idle_ <= now) {
    evict_front(EvictionReason::idle, batch);
  }
  while (!ready_.empty() && static_cast<std::int64_t>(batch.size()) < sizes_.max_rows) {
    QueuedStream& stream = *ready_.front();
    leave_place(stream);
    if (!admit(stream, batch)) {
      put_back(stream, now);
    } else if (stream.waiting.front()->action == StreamAction::step) {
      add_row(stream, batch);
    } else {
      add_state(stream, batch);
    }
  }
  oldest_ = Time::max();
  for (const QueuedStream* const stream : ready_) oldest_ = std::min(oldest_, stream->waiting.front()->submitted);
}

void StreamQueue::finish(Time now, StreamBatch& batch) {
  for (std::size_t row = 0; row < batch.rows.size(); ++row) {
    QueuedStream& stream = *batch.rows[row].stream;
    stream.slot = batch.chunks[row].slot;
    if (batch.failure && !stream.waiting.empty() && stream.waiting.front()->taken > 0) {
      batch.answered.push_back(take_front(stream));
    }
    if (batch.failure || batch.chunks[row].end || batch.rows[row].lost) {
      stream.slot.reset();
      --open_;
    }
    put_back(stream, now);
  }
  for (const auto& request : batch.answered) {
    if (!batch.failure) break;
    if (request->answer.outcome == StreamOutcome::done) request->refuse(StreamOutcome::failed, *batch.failure);
  }
  finish_states(now, batch);
}

// States have moved, or been refused, before the call: its failure is not theirs.
void StreamQueue::finish_states(Time now, StreamBatch& batch) {
  for (BatchState& state : batch.states) {
    QueuedStream& stream = *state.stream;
    if (state.slot < 0) {
      --open_;
    } else {
      stream.slot = state.slot;
    }
    batch.answered.push_back(std::move(state.request));
    put_back(stream, now);
  }
}

void StreamQueue::make_ready(QueuedStream& stream, Time since) {
  leave_place(stream);
  stream.place = QueuedStream::Place::ready;
  stream.entry = ready_.insert(ready_.end(), &stream);
  oldest_ = std::min(oldest_, since);
}

void StreamQueue::leave_place(QueuedStream& stream) {
  if (stream.place == QueuedStream::Place::ready) ready_.erase(stream.entry);
  if (stream.place == QueuedStream::Place::idle) idle_slots_.erase(stream.entry);
  if (ready_.empty()) oldest_ = Time::max();
  stream.place = QueuedStream::Place::nowhere;
}

void StreamQueue::erase_if_unused(QueuedStream& stream) {
  if (stream.slot || !stream.waiting.empty()) return;
  leave_place(stream);
  streams_.erase(streams_.find(*stream.key));
}

std::unique_ptr<WaitingRequest> StreamQueue::take_front(QueuedStream& stream) {
  std::unique_ptr<WaitingRequest> request = std::move(stream.waiting.front());
  stream.waiting.pop_front();
  stream_of_.erase(request->number);
  --waiting_;
  return request;
}

void StreamQueue::add_state(QueuedStream& stream, StreamBatch& batch) {
  stream.place = QueuedStream::Place::in_batch;
  batch.states.push_back({.stream = &stream, .request = take_front(stream), .slot = stream.slot.value_or(-1)});
}

void StreamQueue::add_row(QueuedStream& stream, StreamBatch& batch) {
  stream.place = QueuedStream::Place::in_batch;
  StreamChunk chunk = {.slot = stream.slot.value_or(-1), .steps = 0};
  WaitingRequest* const wants_state = take_steps(stream, chunk, batch);
  batch.rows.push_back({.stream = &stream, .opens = !stream.slot, .wants_state = wants_state});
  batch.chunks.push_back(chunk);
  batch.steps += chunk.steps;
}

// The next steps of the stream, of as many of its requests as fit. A start can only be the first step of a chunk, and
// an end the last one. A state is as it is between two calls, so that a request that wants it has the last steps, too:
// returns that request.
WaitingRequest* StreamQueue::take_steps(QueuedStream& stream, StreamChunk& chunk, StreamBatch& batch) {
  while (!stream.waiting.empty() && chunk.steps < sizes_.max_steps && !chunk.end) {
    WaitingRequest& request = *stream.waiting.front();
    if (request.action != StreamAction::step) break;
    const bool starts = request.start && request.taken == 0;
    if (starts && chunk.steps > 0) break;
    if (starts) chunk.start = true;
    const std::int64_t steps = std::min(request.steps() - request.taken, sizes_.max_steps - chunk.steps);
    batch.parts.push_back({.request = &request, .first_step = request.taken, .steps = steps});
    request.taken += steps;
    chunk.steps += steps;
    if (request.taken < request.steps()) break;
    chunk.end = request.end;
    batch.answered.push_back(take_front(stream));
    if (request.wants_state) return &request;
  }
  return nullptr;
}

void StreamQueue::put_back(QueuedStream& stream, Time now) {
  leave_place(stream);
  if (!stream.waiting.empty()) {
    make_ready(stream, stream.waiting.front()->submitted);
  } else if (stream.slot) {
    stream.place = QueuedStream::Place::idle;
    stream.entry = idle_slots_.insert(idle_slots_.end(), &stream);
    stream.last_used = now;
  } else {
    erase_if_unused(stream);
  }
}

}  // namespace rondo
