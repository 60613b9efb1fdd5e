/// What the metrics of a batcher count. Their owner locks them.
#pragma once

#include "rondo/serving/stream_batcher.h"
#include "serving/stream_batch.h"

namespace rondo {

class StreamCounters {
 public:
  void count_answer(StreamOutcome outcome);
  /// Counts a batch that was taken, before its call changes it: evictions, and how long its requests waited.
  void count_taken(const StreamBatch& batch, ServingClock::time_point now);
  /// Counts the call of a batch, failed or not.
  void count_call(const StreamBatch& batch, ServingClock::duration time);

  /// The numbers so far, but for what waits and is open now.
  StreamMetrics metrics() const;

 private:
  StreamMetrics counted_;
};

/// The bucket of StreamMetrics that counts `value`.
int bucket_of(double value);

}  // namespace rondo
