/// What a batcher asks of a pool: a StatePool, or a double of one in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/serving/state_pool.h"

namespace rondo {

struct SlotPoolSizes {
  std::int64_t slots = 0;  ///< that `open` may take
  std::int64_t max_rows = 0;
  std::int64_t max_steps = 0;
  std::int64_t input_features = 0;
  std::int64_t output_features = 0;
  DType dtype = DType::f32;
  EvictionPolicy eviction = EvictionPolicy::never;
};

class SlotPool {
 public:
  virtual ~SlotPool() = default;

  virtual SlotPoolSizes sizes() const = 0;
  /// Takes a free slot: the batcher asks for no more than there are.
  virtual std::int64_t open() = 0;
  virtual void close(std::int64_t slot) = 0;
  /// Tells the owner of the pool of an eviction, and closes the slot.
  virtual void evict(std::int64_t slot, EvictionReason reason) = 0;
  /// As the members of StatePool. Any thread may call `check_state`, also while another one is in the pool.
  virtual std::vector<std::byte> export_state(std::int64_t slot) const = 0;
  virtual void import_state(std::int64_t slot, std::span<const std::byte> state) = 0;
  virtual void check_state(std::span<const std::byte> state) const = 0;
  /// As StatePool::run, with x and y on the CPU; y is written when it returns. Throws where the run failed.
  virtual void run(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) = 0;
};

/// A StatePool on any device as a SlotPool.
std::unique_ptr<SlotPool> make_slot_pool(StatePool pool);

}  // namespace rondo
