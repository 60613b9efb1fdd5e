/// The one loop in which a thread waits for other blocks.
#pragma once

#include <cstdint>

#include "cuda/device/clock.cuh"
#include "cuda/device/unroll.cuh"

namespace rondo::device {

/// Longer than running blocks wait for each other, even where other work shares the device.
inline constexpr std::uint32_t kLongestWaitNanoseconds = 2'000'000'000;

/// Calls `ready()` until it is true. Returns false after kLongestWaitNanoseconds, or when `hopeless()`, which is called
/// now and then, says that other warps have waited that long.
template <typename Ready, typename Hopeless>
__device__ inline bool wait_until(const Ready& ready, const Hopeless& hopeless) {
  std::uint32_t began = 0;
  for (;;) {
    RONDO_KEEP_LOOP
    for (int poll = 0; poll < kPollsPerLook; ++poll) {
      if (ready()) return true;
    }
    const std::uint32_t now =
        clock_nanoseconds() | 1U;  // never 0, which means that the thread has not read the clock yet
    if (began == 0) began = now;
    if (now - began > kLongestWaitNanoseconds || hopeless()) return false;
  }
}

}  // namespace rondo::device
