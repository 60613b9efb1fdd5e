/// Waiting that ends: what is measured must not hang where it is wrong.
#pragma once

#include <cstdint>

#include "cuda/device/atomic.cuh"
#include "cuda/device/cluster.cuh"
#include "cuda/device/packet.cuh"
#include "micro/intrinsics.cuh"

namespace rondo::bench {

/// Of one thread.
class Patience {
 public:
  __device__ explicit Patience(std::uint32_t* gave_up) : gave_up_(gave_up) {}

  /// Calls `ready()` until it returns true. After about a second it sets *gave_up instead; where that is set, nobody
  /// waits any longer.
  template <typename Ready>
  __device__ void wait(const Ready& ready) {
    constexpr unsigned kPollsPerLook = 64;
    constexpr std::uint64_t kMostNanoseconds = 1'000'000'000;
    if (lost_) return;
    std::uint64_t begin = 0;
    for (unsigned polls = 1; !ready(); ++polls) {
      device::pause();
      if (polls % kPollsPerLook != 0) continue;
      const std::uint64_t now = global_nanoseconds();
      if (begin == 0) begin = now;
      if (now - begin > kMostNanoseconds) device::set_bits(gave_up_, 1);
      lost_ = load_word(gave_up_) != 0;
      if (lost_) return;
    }
  }

  /// As device::wait_for_phase.
  template <Acquire kAcquire = Acquire::cluster>
  __device__ void wait_for_phase(device::PushBarrier* barrier, std::uint32_t parity) {
    wait([&] { return try_phase<kAcquire>(barrier, parity); });
  }

 private:
  std::uint32_t* gave_up_;
  bool lost_ = false;
};

}  // namespace rondo::bench
