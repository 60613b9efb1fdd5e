/// How long one round takes of a kernel that repeats something as often as it is told.
#pragma once

#include <functional>

#include "program/statistics.h"

namespace rondo::bench {

struct RoundOptions {
  int repeats = 11;
  double milliseconds = 4.0;  ///< of a run with many rounds, at least
};

struct RoundTimes {
  Spread nanoseconds;   ///< of one round, over the repeats
  unsigned rounds = 0;  ///< of a run with many
};

/// `milliseconds_of(rounds)` runs the kernel and says how long it took. Each repeat runs it with many rounds and with
/// few: the time of one round is the difference of both, so that starting the kernel, and what it does once, drop out.
/// Throws `RuntimeError` when rounds take no time.
RoundTimes time_rounds(const std::function<double(unsigned rounds)>& milliseconds_of, const RoundOptions& options);

}  // namespace rondo::bench
