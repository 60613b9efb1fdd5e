/// Whether a block has given up waiting for other blocks, and where.
///
/// A warp that gives up a wait tells its whole block. The block leaves its steps after the next barrier, tells the
/// session, and fills what it has not written yet with NaN. Blocks that wait for this block then give up as well.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/device/bounded_wait.cuh"
#include "cuda/device/thread.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// What a block's threads share about a wait that was given up, in the block's shared memory.
struct StallPlace {
  std::uint32_t given_up;
  std::uint32_t warp;
  std::uint32_t exchange;  ///< counted from the run's first one
  std::uint32_t tile;
  std::uint32_t first_exchange;  ///< the number of the run's first exchange among those of all runs
};

class BlockStall {
 public:
  __device__ explicit BlockStall(StallPlace* place) : place_(place) {}

  /// One thread calls this, before a barrier of the block. After a stalled run the exchange memory is unusable until
  /// the session has asked for the status. Later runs therefore give up at once, and a queue of them takes no longer
  /// than one run.
  __device__ void begin(const std::uint32_t* flags, std::uint32_t first_exchange) const {
    *place_ = {.given_up = device::load_word(flags) & kStalled,
               .warp = 0,
               .exchange = 0,
               .tile = 0,
               .first_exchange = first_exchange};
  }
  __device__ std::uint32_t first_exchange() const { return place_->first_exchange; }

  /// Not 0 if the block has given up. All threads get the same answer after a barrier of the block behind the wait. The
  /// answer is a word, because a conversion to bool would wait for the load.
  __device__ std::uint32_t given_up() const { return device::load_block_word(&place_->given_up); }

  /// Calls `ready()` until it is true, or gives up. `exchange` counts as first_exchange does, through all runs.
  template <typename Ready>
  __device__ void wait(const Ready& ready, std::uint32_t exchange, int tile) const {
    if (device::wait_until(ready, [&] { return given_up() != 0; })) return;
    if (given_up() != 0) return;
    device::store_block_word(&place_->warp, device::thread_index().x / device::kWarpLanes);
    device::store_block_word(&place_->exchange, exchange - place_->first_exchange);
    device::store_block_word(&place_->tile, static_cast<std::uint32_t>(tile));
    device::store_block_word(&place_->given_up, 1);
  }

  /// One thread calls this. Sets kStalled, and unless another block has set it before, leaves a record of the wait and
  /// gives notice to the host.
  __device__ void report(std::uint32_t* flags, WaitKind kind, std::int32_t step) const {
    if ((device::set_bits(flags, kStalled) & kStalled) != 0) return;
    *stall_record(flags) = {.kind = kind,
                            .block = static_cast<std::int32_t>(device::block_index().x),
                            .warp = static_cast<std::int32_t>(place_->warp),
                            .step = step,
                            .exchange = static_cast<std::int32_t>(place_->exchange),
                            .tile = static_cast<std::int32_t>(place_->tile)};
    if (std::uint32_t* notice = *stall_notice(flags); notice != nullptr) device::store_host_word(notice, 1);
  }

 private:
  StallPlace* place_;
};

}  // namespace rondo
