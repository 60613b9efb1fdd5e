/// Whether a block has given up waiting for others, and where. Floor 4.
///
/// A wait that is given up tells the whole block, which leaves its steps after the next barrier; the block tells the
/// session, and fills what it has not written yet with NaN. Blocks that wait for it then give up as well.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/device/bounded_wait.cuh"
#include "cuda/device/thread.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// In the block's shared memory.
struct StallPlace {
  std::uint32_t given_up;
  std::uint32_t warp;
  std::uint32_t exchange;  ///< of the run
  std::uint32_t tile;
  std::uint32_t first_exchange;  ///< the number that the run's first one has in all runs
};

class BlockStall {
 public:
  __device__ explicit BlockStall(StallPlace* place) : place_(place) {}

  /// By one thread, before a barrier of the block. After a run that has stalled nothing is as it should be until the
  /// session has asked, so that later runs give up at once, and a queue of them takes no longer than one.
  __device__ void begin(const std::uint32_t* flags, std::uint32_t first_exchange) const {
    *place_ = {.given_up = device::load_word(flags) & kStalled,
               .warp = 0,
               .exchange = 0,
               .tile = 0,
               .first_exchange = first_exchange};
  }
  __device__ std::uint32_t first_exchange() const { return place_->first_exchange; }

  /// 0: it has not. The same for all threads after a barrier of the block that comes after the wait. A word, because
  /// whoever keeps it as a bool waits for it first.
  __device__ std::uint32_t given_up() const { return device::load_block_word(&place_->given_up); }

  /// Calls `ready()` until it is true, or gives up. `exchange` and first_exchange count alike.
  template <typename Ready>
  __device__ void wait(const Ready& ready, std::uint32_t exchange, int tile) const {
    if (device::wait_until(ready, [&] { return given_up() != 0; })) return;
    if (given_up() != 0) return;
    device::store_block_word(&place_->warp, device::thread_index().x / device::kWarpLanes);
    device::store_block_word(&place_->exchange, exchange - place_->first_exchange);
    device::store_block_word(&place_->tile, static_cast<std::uint32_t>(tile));
    device::store_block_word(&place_->given_up, 1);
  }

  /// By one thread: sets kStalled, and leaves a record where no kernel has done so before.
  __device__ void report(std::uint32_t* flags, WaitKind kind, std::int32_t step) const {
    if ((device::set_bits(flags, kStalled) & kStalled) != 0) return;
    *stall_record(flags) = {.kind = kind,
                            .block = static_cast<std::int32_t>(device::block_index().x),
                            .warp = static_cast<std::int32_t>(place_->warp),
                            .step = step,
                            .exchange = static_cast<std::int32_t>(place_->exchange),
                            .tile = static_cast<std::int32_t>(place_->tile)};
  }

 private:
  StallPlace* place_;
};

}  // namespace rondo
