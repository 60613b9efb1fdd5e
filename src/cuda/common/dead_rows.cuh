/// What kernels of every executor on CUDA do about rows that are not live, and about their lengths. Floor 4.
#pragma once

#include "cuda/device/atomic.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// Whether a row emits zeros instead of its h. The output of every cell is its h, and h does not change while a row is
/// dead: so "the previous output" is h, or zeros if the row has never been live.
__device__ inline bool emits_zeros(DeadOutput rule, bool live, bool never_live) {
  if (live || rule == DeadOutput::incoming_state) return false;
  return rule == DeadOutput::zeros || never_live;
}

/// Tells the session of a length that there is not.
__device__ inline void check_length(const Schedule& schedule, std::int64_t b, std::uint32_t* flags) {
  if (!schedule.length_fits(b)) device::set_bits(flags, kLengthOutOfRange);
}

}  // namespace rondo
