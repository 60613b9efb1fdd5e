/// The time of one round of a kernel that repeats its work a given number of times.
#pragma once

#include <functional>

#include "program/statistics.h"

namespace rondo::bench {

struct RoundOptions {
  int repeats = 11;
  double milliseconds = 4.0;  ///< the least time of a run with many rounds
};

struct RoundTimes {
  Spread nanoseconds;   ///< the time of one round, over the repeats
  unsigned rounds = 0;  ///< rounds of a run with many
};

/// Times one round. `milliseconds_of(rounds)` runs the kernel and returns its time. Each repeat runs the kernel with
/// many rounds and with few, and divides the difference of the times by the difference of the rounds, which removes the
/// kernel's start and its one-time work. Throws `RuntimeError` when rounds take no time.
RoundTimes time_rounds(const std::function<double(unsigned rounds)>& milliseconds_of, const RoundOptions& options);

}  // namespace rondo::bench
