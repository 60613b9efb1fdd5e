/// How rows are cut into parts whose sums are computed at once.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rondo {

/// Few enough parts that their sums are soon added up, and many enough for all multiprocessors.
struct RowParts {
  static constexpr std::int64_t kMost = 128;
  static constexpr std::int64_t kShortest = 32;

  std::int64_t count = 0;
  std::int64_t length = 0;

  explicit RowParts(std::int64_t rows) : length(std::max(kShortest, (rows + kMost - 1) / kMost)) {
    count = (rows + length - 1) / length;
  }
};

}  // namespace rondo
