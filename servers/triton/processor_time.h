/// Time that a thread has spent on a processor.
#pragma once

#include <ctime>

#include <chrono>

namespace rondo::triton {

/// The processor time of the calling thread: unlike a clock's, it leaves out what other threads ran in between.
inline std::chrono::nanoseconds thread_processor_time() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace rondo::triton
