/// Where the steps of a row are in memory, for use in every step. The row's length is an argument, because a kernel
/// keeps it in a register: reading it from memory would delay the load of everything else. Times and rows have 32 bits,
/// which cost half of 64.
#pragma once

#include "recurrence/schedule.h"

namespace rondo {

/// Where the value of a time step and a row is, in elements. Neither is negative.
__device__ inline std::int64_t offset_of(const TimeBatchStrides& strides, std::int32_t t, std::int32_t b) {
  return strides.offset(static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(b));
}

/// Schedule::read_time of a row of `length` steps.
__device__ inline std::int32_t read_time_of(const Schedule& schedule, std::int32_t length, std::int32_t s) {
  const auto reversed = static_cast<std::int32_t>(schedule.reversed_steps(length));
  return s < reversed ? reversed - 1 - s : s;
}

/// Schedule::write_time, likewise.
__device__ inline std::int32_t write_time_of(const Schedule& schedule, std::int32_t length, std::int32_t s) {
  return schedule.write_order == WriteOrder::processing ? s : read_time_of(schedule, length, s);
}

}  // namespace rondo
