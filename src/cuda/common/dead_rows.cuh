/// What kernels of every executor on CUDA do about a length that does not fit.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/device/thread.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// Flags a length of row b outside 0 .. T for Session::status.
__device__ inline void check_length(const Schedule& schedule, std::int64_t b, std::uint32_t* flags) {
  if (!schedule.length_fits(b)) device::set_bits(flags, kLengthOutOfRange);
}

}  // namespace rondo
