/// Carries out batches with a pool: gathers the steps of all streams, calls the pool, and hands out its outputs.
#pragma once

#include <chrono>

#include "serving/slot_pool.h"
#include "serving/stream_batch.h"

namespace rondo {

class BatchRunner {
 public:
  /// `pool` must outlive the runner.
  explicit BatchRunner(SlotPool& pool);

  /// Evicts, closes and opens slots, moves states, and runs the batch. Throws nothing: where the call fails, `failure`
  /// says why, and the slots of all rows are closed; a state that fails is refused by itself, and the row of one that
  /// was wanted after its steps is lost. Returns the time of the pool.
  ServingClock::duration run(StreamBatch& batch) noexcept;

 private:
  void move(BatchState& state) noexcept;
  void read_state(BatchRow& row, std::int64_t slot) noexcept;
  void open_slots(StreamBatch& batch);
  void gather(const StreamBatch& batch) const;
  void scatter(const StreamBatch& batch) const;
  void close(std::int64_t slot) noexcept;

  SlotPool& pool_;
  Tensor x_;  ///< (max_rows * max_steps, I)
  Tensor y_;  ///< (max_rows * max_steps, O)
};

}  // namespace rondo
