/// The clock by which waits are bounded.
#pragma once

#include <cstdint>

namespace rondo::device {

/// Nanoseconds on a clock of the whole device, modulo 2^32, so that differences of up to four seconds are right. The
/// clock may move in steps of a microsecond.
__device__ inline std::uint32_t clock_nanoseconds() {
  std::uint32_t nanoseconds;
  asm volatile("mov.u32 %0, %%globaltimer_lo;" : "=r"(nanoseconds));
  return nanoseconds;
}

/// Polls between two reads of the clock: they take well below a second, and the reads cost nothing beside them.
inline constexpr int kPollsPerLook = 1024;

}  // namespace rondo::device
