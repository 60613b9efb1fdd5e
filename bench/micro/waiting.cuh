/// Waiting that ends: what is measured must not hang where it is wrong.
#pragma once

#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/bounded_wait.cuh"
#include "cuda/device/cluster.cuh"
#include "cuda/device/packet.cuh"
#include "micro/intrinsics.cuh"

namespace rondo::bench {

/// Of one thread.
class Patience {
 public:
  __device__ explicit Patience(std::uint32_t* gave_up) : gave_up_(gave_up) {}

  /// Calls `ready()` until it is true. Where that takes too long it sets *gave_up; where that is set, nobody waits any
  /// longer.
  template <typename Ready>
  __device__ void wait(const Ready& ready) {
    if (lost_ || device::wait_until(ready, [&] { return device::load_word(gave_up_) != 0; })) return;
    device::set_bits(gave_up_, 1);
    lost_ = true;
  }

  /// Until the phase of this parity has ended.
  template <Acquire kAcquire = Acquire::cluster>
  __device__ void wait_for_phase(device::PushBarrier* barrier, std::uint32_t parity) {
    wait([&] { return try_phase<kAcquire>(barrier, parity); });
  }

 private:
  std::uint32_t* gave_up_;
  bool lost_ = false;
};

}  // namespace rondo::bench
