/// How a recurrence is shared out to threads.
#pragma once

#include <cstdint>

#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// Threads in a grid: each group of rows runs through time on its own, and meets at a barrier in every step when its
/// units are shared out, too.
struct Partition {
  int row_groups = 1;
  int unit_groups = 1;

  int threads() const { return row_groups * unit_groups; }
};

/// The best use of at most `threads` threads; fewer where the work is not worth them.
Partition partition(const RecurrenceSpec& spec, int threads);

/// Steps whose inputs are multiplied at once, for a group of `rows` rows: enough rows for each panel of weights that is
/// read, and no more than the caches hold.
std::int64_t chunk_steps(const RecurrenceSpec& spec, std::int64_t rows);

/// Rows of the largest group.
inline std::int64_t most_rows(const RecurrenceSpec& spec, const Partition& partition) {
  return (spec.B + partition.row_groups - 1) / partition.row_groups;
}

/// The part `index` of `count` parts of `size` things: begin .. end - 1.
struct Range {
  std::int64_t begin;
  std::int64_t end;

  static Range part(std::int64_t size, int index, int count) {
    return {size * index / count, size * (index + 1) / count};
  }
  std::int64_t size() const { return end - begin; }
};

}  // namespace rondo::fused
