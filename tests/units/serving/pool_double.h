/// A double of a pool, whose calls can be held, made to fail, and looked at. A step of a stream computes
/// state = 3 state + x (modulo 8191), so that outputs show every step that is lost, doubled or out of order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "serving/slot_pool.h"

namespace rondo::test {

/// What happened in a double, and what is to happen. Tests keep it while the batcher owns the double.
class PoolRecord {
 public:
  struct Evicted {
    std::int64_t slot = 0;
    EvictionReason reason = EvictionReason::idle;
  };

  /// From now on, calls wait within the pool until `release`.
  void hold();
  void release();
  /// Waits until `count` calls have begun; false after ten seconds.
  bool await_calls(std::size_t count);
  /// The next `count` calls throw, after they have written to states.
  void fail(int count);
  /// The next `count` states that go out or come in throw.
  void fail_states(int count);

  std::vector<std::vector<StreamChunk>> calls() const;
  std::vector<Evicted> evictions() const;
  std::size_t open_slots() const;

 private:
  friend class PoolDouble;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int failures_ = 0;
  int failures_of_states_ = 0;
  std::vector<std::vector<StreamChunk>> calls_;
  std::vector<Evicted> evictions_;
  std::map<std::int64_t, std::int64_t> states_;  ///< of the open slots
};

/// A double with one feature in and one out. As bytes, a state is a number of eight bytes. It fails tests that use
/// slots which are not open.
std::unique_ptr<SlotPool> pool_double(const SlotPoolSizes& sizes, const std::shared_ptr<PoolRecord>& record);

/// Sizes for a double.
SlotPoolSizes double_sizes(std::int64_t slots, std::int64_t max_rows, std::int64_t max_steps,
                           EvictionPolicy eviction = EvictionPolicy::never);

/// Steps (N, 1) of a stream.
Tensor steps_of(std::vector<float> values);

/// What a double puts out for the steps of a stream from its start on.
class ExpectedStream {
 public:
  std::vector<float> step(const Tensor& x);

 private:
  std::int64_t state_ = 0;
};

}  // namespace rondo::test
