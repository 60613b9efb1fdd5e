/// The barriers by which a block of a cluster waits for what its peers push: exchange e + 1 may begin to arrive before
/// all threads have waited for exchange e, so that there are two, used alternately.
#pragma once

#include "cuda/device/cluster.cuh"
#include "cuda/persistent/kernel/block_stall.cuh"

namespace rondo {

class ClusterPhases {
 public:
  /// `barriers` are those of ExchangePlace.
  __device__ ClusterPhases(std::byte* barriers, const std::uint32_t* flags)
      : barriers_(reinterpret_cast<device::PushBarrier*>(barriers)),
        stall_(reinterpret_cast<StallPlace*>(barriers + 2 * sizeof(device::PushBarrier))),
        flags_(flags) {}

  __device__ void begin() const {
    if (device::thread_index().x == 0) {
      device::init_barrier(&barriers_[0]);
      device::init_barrier(&barriers_[1]);
      stall_.begin(flags_, 0);
    }
    device::cluster_barrier();
  }

  /// The barrier that the next exchange is pushed to.
  __device__ device::PushBarrier* pushed() const { return &barriers_[push_parity_]; }

  /// Ends the pushes of an exchange, of which this block gets `bytes`.
  __device__ void end_pushes(std::uint32_t bytes) {
    if (device::thread_index().x == 0) device::expect_bytes(pushed(), bytes);
    push_parity_ ^= 1;
  }

  __device__ void wait() {
    stall_.wait([&] { return device::try_phase(&barriers_[waited_ % 2], waited_ / 2 % 2); }, waited_, 0);
    ++waited_;
  }

  /// Whether the exchange that this thread has waited for last is in the second of two places.
  __device__ bool in_second() const { return waited_ % 2 == 0; }

  __device__ std::uint32_t given_up() const { return stall_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const {
    stall_.report(flags, WaitKind::cluster, step);
  }

  /// A block must not end while others write into its memory.
  __device__ void end() const { device::cluster_barrier(); }

 private:
  device::PushBarrier* barriers_;
  const BlockStall stall_;
  const std::uint32_t* flags_;
  unsigned push_parity_ = 0;  ///< of the next exchange
  unsigned waited_ = 0;       ///< exchanges that this thread has waited for
};

}  // namespace rondo
