/// What one call of a pool does, and for whom.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serving/waiting_request.h"

namespace rondo {

/// A stream that has a slot, or requests that wait, or is in a batch.
struct QueuedStream {
  enum class Place : std::uint8_t { nowhere, ready, in_batch, idle };

  const StreamKey* key = nullptr;  ///< in the queue's table
  std::optional<std::int64_t> slot = std::nullopt;
  std::deque<std::unique_ptr<WaitingRequest>> waiting = {};
  Place place = Place::nowhere;
  std::list<QueuedStream*>::iterator entry = {};  ///< in the list of its place: `ready` or `idle`
  ServingClock::time_point last_used = {};
};

/// Steps of one request that a call takes.
struct BatchPart {
  WaitingRequest* request = nullptr;
  std::int64_t first_step = 0;
  std::int64_t steps = 0;
};

/// A stream of a batch.
struct BatchRow {
  QueuedStream* stream = nullptr;
  bool opens = false;  ///< it has no slot yet
  /// The request that wants the state after the row's steps, of which its own are the last ones; null: none does.
  WaitingRequest* wants_state = nullptr;
  bool lost = false;  ///< the state could not be read, and the slot is closed
};

/// The state of a stream that goes out of the pool or comes into it, before the steps of the call.
struct BatchState {
  QueuedStream* stream = nullptr;
  std::unique_ptr<WaitingRequest> request;
  std::int64_t slot = -1;  ///< of an import: -1 until it has one
};

struct Eviction {
  std::int64_t slot = 0;
  EvictionReason reason = EvictionReason::idle;
};

struct StreamBatch {
  std::vector<Eviction> evictions = {};                        ///< before anything else
  std::vector<std::int64_t> ended_slots = {};                  ///< of streams that end without a step in this call
  std::vector<BatchState> states = {};                         ///< after those have ended
  std::vector<BatchRow> rows = {};                             ///< one for each chunk
  std::vector<StreamChunk> chunks = {};                        ///< the slot is -1 where a row `opens`, until it has one
  std::vector<BatchPart> parts = {};                           ///< of all rows, in their order: rows of x and y
  std::int64_t steps = 0;                                      ///< of all rows
  std::optional<std::string> failure = {};                     ///< why the call failed
  std::vector<std::unique_ptr<WaitingRequest>> answered = {};  ///< refused, or complete with this call

  /// Streams that have a part in the call.
  std::size_t size() const { return rows.size() + states.size(); }

  void clear() {
    evictions.clear();
    ended_slots.clear();
    states.clear();
    rows.clear();
    chunks.clear();
    parts.clear();
    steps = 0;
    failure.reset();
    answered.clear();
  }
};

}  // namespace rondo
