/// How threads share a recurrence.
#pragma once

#include <cstdint>

#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// A grid of threads. Each group of rows runs through time independently. Threads that share the units of a group meet
/// at a barrier in every step.
struct Partition {
  int row_groups = 1;
  int unit_groups = 1;

  int threads() const { return row_groups * unit_groups; }
};

/// The fastest partition among at most `threads` threads, by an estimate; it has fewer where the work is small.
Partition partition(const RecurrenceSpec& spec, int threads);
/// Of the partitions among at most `threads` threads with this many groups of rows, the one with the most.
Partition widest_partition(const RecurrenceSpec& spec, int row_groups, int threads);

/// Steps whose inputs are multiplied at once, for a group of `rows` rows: enough that each panel of weights is read for
/// many rows, and no more than the caches hold.
std::int64_t chunk_steps(const RecurrenceSpec& spec, std::int64_t rows);
/// The most rows, over all steps, of a chunk of a group of up to `rows` rows.
std::int64_t most_chunk_rows(const RecurrenceSpec& spec, std::int64_t rows);

/// Rows of the largest group of rows.
inline std::int64_t most_rows(const RecurrenceSpec& spec, const Partition& partition) {
  return (spec.B + partition.row_groups - 1) / partition.row_groups;
}

/// The indices begin .. end - 1. `Range::part` returns part `index` of `count` nearly equal parts of 0 .. size - 1.
struct Range {
  std::int64_t begin;
  std::int64_t end;

  static Range part(std::int64_t size, int index, int count) {
    return {size * index / count, size * (index + 1) / count};
  }
  std::int64_t size() const { return end - begin; }
};

/// What a part computes of each row of its group: features of h, and units of the gates and of c. They differ where h
/// is projected.
struct OwnUnits {
  Range h;
  Range gates;
};

}  // namespace rondo::fused
