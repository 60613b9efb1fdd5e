/// What kernels of all CUDA executors do with dead rows and with lengths.
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

/// Flags a length outside 0 .. T for Session::status.
__device__ inline void check_length(const Schedule& schedule, std::int64_t b, std::uint32_t* flags) {
  if (!schedule.length_fits(b)) device::set_bits(flags, kLengthOutOfRange);
}

}  // namespace rondo
