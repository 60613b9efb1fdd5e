/// Waits with a time limit: a wrong kernel must not hang the measurement.
#pragma once

#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/bounded_wait.cuh"
#include "cuda/device/cluster.cuh"
#include "cuda/device/packet.cuh"
#include "micro/intrinsics.cuh"

namespace rondo::bench {

/// The waits of one thread.
class Patience {
 public:
  __device__ explicit Patience(std::uint32_t* gave_up) : gave_up_(gave_up) {}

  /// Calls `ready()` until it is true. Sets *gave_up where that takes too long, and returns at once where *gave_up is
  /// set or an earlier wait of this thread failed.
  template <typename Ready>
  __device__ void wait(const Ready& ready) {
    if (lost_ || device::wait_until(ready, [&] { return device::load_word(gave_up_) != 0; })) return;
    device::set_bits(gave_up_, 1);
    lost_ = true;
  }

  /// Waits until the phase of this parity has ended.
  template <Acquire kAcquire = Acquire::cluster>
  __device__ void wait_for_phase(device::PushBarrier* barrier, std::uint32_t parity) {
    wait([&] { return try_phase<kAcquire>(barrier, parity); });
  }

 private:
  std::uint32_t* gave_up_;
  bool lost_ = false;
};

}  // namespace rondo::bench
