/// The requests that wait, by stream, and the batches that are made of them. It knows neither threads nor the pool: its
/// owner locks it, and passes the time.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "serving/slot_pool.h"
#include "serving/stream_batch.h"
#include "serving/stream_key.h"

namespace rondo {

class StreamQueue {
 public:
  using Time = ServingClock::time_point;

  StreamQueue(const SlotPoolSizes& sizes, const StreamBatcherOptions& options);

  /// Queues a request behind those of its stream.
  void push(const StreamKey& key, std::unique_ptr<WaitingRequest> request);
  /// Takes a request out of which no step was taken; null where there is none of that number.
  std::unique_ptr<WaitingRequest> cancel(Time now, std::uint64_t number);
  /// Takes all requests out. No batch may be under way.
  std::vector<std::unique_ptr<WaitingRequest>> clear();

  /// When `take` should be called: the greatest time where nothing waits and no stream may lose its slot.
  Time due() const;
  /// Makes the next batch, which is under way until `finish`. One batch is under way at a time. Requests that no slot
  /// is for are in `answered`, and slots of streams that were idle for too long in `evictions`.
  void take(Time now, StreamBatch& batch);
  /// Puts the streams of a batch back, after the call. Where it failed they have lost their slots, and the requests
  /// that it interrupted join `answered`.
  void finish(Time now, StreamBatch& batch);

  std::int64_t waiting() const { return waiting_; }
  std::int64_t open_streams() const { return open_; }

 private:
  using Streams = std::unordered_map<StreamKey, QueuedStream, StreamKeyHash>;

  void make_ready(QueuedStream& stream, Time since);
  void leave_place(QueuedStream& stream);
  void erase_if_unused(QueuedStream& stream);
  std::unique_ptr<WaitingRequest> take_front(QueuedStream& stream);
  bool admit(QueuedStream& stream, StreamBatch& batch);
  void end_at_once(QueuedStream& stream, StreamBatch& batch);
  std::optional<StreamAnswer> refusal_of_front(const QueuedStream& stream, StreamBatch& batch);
  bool find_slot(StreamBatch& batch);
  void evict_front(EvictionReason reason, StreamBatch& batch);
  void add_row(QueuedStream& stream, StreamBatch& batch);
  void add_state(QueuedStream& stream, StreamBatch& batch);
  WaitingRequest* take_steps(QueuedStream& stream, StreamChunk& chunk, StreamBatch& batch);
  void finish_states(Time now, StreamBatch& batch);
  void put_back(QueuedStream& stream, Time now);

  const SlotPoolSizes sizes_;
  const bool require_start_;
  const ServingClock::duration max_delay_;
  const ServingClock::duration idle_;  ///< 0: no stream loses its slot by being idle
  Streams streams_;
  std::unordered_map<std::uint64_t, QueuedStream*> stream_of_;  ///< by the number of a request that waits
  std::list<QueuedStream*> ready_;       ///< have requests, and are in no batch: the next ones first
  std::list<QueuedStream*> idle_slots_;  ///< have a slot and no requests: the longest without first
  Time oldest_ = Time::max();            ///< no request of `ready_` was submitted before
  std::int64_t waiting_ = 0;
  std::int64_t open_ = 0;  ///< slots in use, as far as batches that are under way have ended
};

}  // namespace rondo
