// Which streams of a queue have a part in a batch, and whose slots they get.

#include <optional>
#include <string>
#include <utility>

#include "serving/stream_queue.h"

namespace rondo {
namespace {

StreamAnswer refused(StreamOutcome outcome, std::string message) {
  return {.outcome = outcome, .message = std::move(message)};
}

StreamAnswer refused_as_unknown(const WaitingRequest& request, const StreamKey& key) {
  if (request.action == StreamAction::export_state) {
    return refused(StreamOutcome::invalid,
                   "stream: got the unknown stream " + describe(key) + ", expected one that has a state");
  }
  return refused(StreamOutcome::invalid,
                 "start: got false for the unknown stream " + describe(key) + ", expected true");
}

}  // namespace

// Answers the requests in front for which there is nothing to do. Returns whether one is left, which has a slot, or
// will have the one that was found.
bool StreamQueue::admit(QueuedStream& stream, StreamBatch& batch) {
  while (!stream.waiting.empty()) {
    if (stream.waiting.front()->ends_at_once()) {
      end_at_once(stream, batch);
      continue;
    }
    std::optional<StreamAnswer> refusal = refusal_of_front(stream, batch);
    if (!refusal) return true;
    batch.answered.push_back(take_front(stream));
    batch.answered.back()->answer = *std::move(refusal);
  }
  return false;
}

void StreamQueue::end_at_once(QueuedStream& stream, StreamBatch& batch) {
  batch.answered.push_back(take_front(stream));
  WaitingRequest& request = *batch.answered.back();
  if (stream.slot) {
    batch.ended_slots.push_back(*stream.slot);
    stream.slot.reset();
    --open_;
  } else if (require_start_ && !request.start) {
    request.answer = refused_as_unknown(request, *stream.key);
  }
}

std::optional<StreamAnswer> StreamQueue::refusal_of_front(const QueuedStream& stream, StreamBatch& batch) {
  const WaitingRequest& request = *stream.waiting.front();
  const bool imports = request.action == StreamAction::import_state;
  if (stream.slot) {
    if (!imports) return std::nullopt;
    return refused(StreamOutcome::invalid,
                   "stream: got " + describe(*stream.key) + ", which has a state, expected one that has ended");
  }
  const bool begins = imports || (request.action == StreamAction::step && (request.start || !require_start_));
  if (!begins) return refused_as_unknown(request, *stream.key);
  if (find_slot(batch)) return std::nullopt;
  return refused(StreamOutcome::no_slot, "slots: got a further stream, expected " + std::to_string(sizes_.slots) +
                                             " at most, and no other one may lose its slot");
}

bool StreamQueue::find_slot(StreamBatch& batch) {
  if (open_ == sizes_.slots) {
    if (sizes_.eviction == EvictionPolicy::never || idle_slots_.empty()) return false;
    evict_front(EvictionReason::no_free_slot, batch);
  }
  ++open_;
  return true;
}

void StreamQueue::evict_front(EvictionReason reason, StreamBatch& batch) {
  QueuedStream& stream = *idle_slots_.front();
  batch.evictions.push_back({.slot = *stream.slot, .reason = reason});
  stream.slot.reset();
  --open_;
  erase_if_unused(stream);
}

}  // namespace rondo
