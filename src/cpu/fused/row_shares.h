/// Which rows of the batch each group of rows takes.
#pragma once

#include <cstdint>
#include <span>

#include "recurrence/schedule.h"

namespace rondo::fused {

/// Memory in which a group's rows are found.
struct RowShareMemory {
  std::int32_t* rows;        ///< [B]
  std::int32_t* live_steps;  ///< [B]
};

/// Group `index` of `count` groups that share the first B rows. A run may have fewer rows than its schedule.
struct RowGroup {
  std::int64_t B;
  int index;
  int count;
};

/// The rows of a group, from the least to the greatest, in `memory`. The numbers of rows of two
/// groups differ by at most one. Where rows have masks or lengths, groups are dealt rows with as many live steps: else
/// a group would wait for one with longer rows, as in a packed batch, whose rows are sorted by their lengths.
std::span<const std::int32_t> rows_of_group(const Schedule& schedule, const RowGroup& group,
                                            const RowShareMemory& memory);

}  // namespace rondo::fused
