/// The name of a measurement of rondo_micro, and what it moves or computes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rondo::bench {

/// What a measured piece of work moves or computes: `amount`, divided by its nanoseconds, is a rate in `unit`.
struct Rate {
  std::string unit;
  double amount = 0;
};

/// One measurement. Its group, variant and parameters name it.
struct MicroCase {
  std::string group;
  std::string variant;
  std::vector<std::pair<std::string, std::int64_t>> parameters;
  double per_round = 1;  ///< how often a round repeats the work whose time is reported
  std::vector<Rate> rates = {};

  /// The name, such as "grid_exchange packets blocks=32 bytes=2048".
  std::string name() const;
};

}  // namespace rondo::bench
