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

/// The rows of group `group` of `groups`, from the least to the greatest, in `memory`. The numbers of rows of two
/// groups differ by at most one. Where rows have masks or lengths, groups are dealt rows with as many live steps: else
/// a group would wait for one with longer rows, as in a packed batch, whose rows are sorted by their lengths.
std::span<const std::int32_t> rows_of_group(const Schedule& schedule, int group, int groups,
                                            const RowShareMemory& memory);

}  // namespace rondo::fused
