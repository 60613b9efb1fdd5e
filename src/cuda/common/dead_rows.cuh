/// What kernels of all CUDA executors do about a length outside 0 .. T.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/device/thread.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// Flags a length of row b outside 0 .. T for Session::finish.
__device__ inline void check_length(const Schedule& schedule, std::int64_t b, std::uint32_t* flags) {
  if (!schedule.length_fits(b)) device::set_bits(flags, kLengthOutOfRange);
}

}  // namespace rondo
