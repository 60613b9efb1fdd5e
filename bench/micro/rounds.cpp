#include "micro/rounds.h"

#include <algorithm>
#include <cmath>

#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

constexpr unsigned kFirstRounds = 64;
constexpr unsigned kMostRounds = 1U << 22;
constexpr unsigned kFewIn = 8;  // a short run has 1 / kFewIn of the rounds of a long run

/// How many rounds a run needs to take `milliseconds`.
unsigned enough_rounds(const std::function<double(unsigned)>& milliseconds_of, double milliseconds) {
  unsigned rounds = kFirstRounds;
  while (rounds < kMostRounds) {
    // The lesser of two times: the first run loads the kernel, and a later one may be disturbed.
    const double took = std::min(milliseconds_of(rounds), milliseconds_of(rounds));
    if (took >= milliseconds) break;
    const double factor = std::clamp(1.2 * milliseconds / std::max(took, 1e-6), 2.0, 16.0);
    rounds = static_cast<unsigned>(std::min(std::ceil(factor * rounds), static_cast<double>(kMostRounds)));
  }
  return rounds;
}

}  // namespace

RoundTimes time_rounds(const std::function<double(unsigned rounds)>& milliseconds_of, const RoundOptions& options) {
  constexpr double kNanosecondsInOne = 1e6;
  const unsigned many = enough_rounds(milliseconds_of, options.milliseconds);
  const unsigned few = many / kFewIn;
  std::vector<double> nanoseconds;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const double short_run = milliseconds_of(few);
    const double long_run = milliseconds_of(many);
    nanoseconds.push_back((long_run - short_run) * kNanosecondsInOne / (many - few));
  }
  const Spread spread = spread_of(nanoseconds);
  if (!(spread.median > 0)) {
    throw RuntimeError("rounds take no time: " + std::to_string(many) + " rounds as long as " + std::to_string(few));
  }
  return {spread, many};
}

}  // namespace rondo::bench
