#include "cpu/fused/row_shares.h"

#include <algorithm>
#include <numeric>

#include "cpu/fused/partition.h"

namespace rondo::fused {
namespace {

std::int32_t live_steps(const Schedule& schedule, std::int64_t b) {
  if (schedule.mask == nullptr) return static_cast<std::int32_t>(schedule.length(b));
  std::int32_t live = 0;
  for (std::int64_t s = 0; s < schedule.T; ++s) live += schedule.live(s, b) ? 1 : 0;
  return live;
}

}  // namespace

// Rows are sorted by their live steps and dealt to the groups back and forth: with two groups, the first one has rows
// 0, 3, 4, 7, 8 of the sorted ones, and the second one rows 1, 2, 5, 6, 9.
std::span<const std::int32_t> rows_of_group(const Schedule& schedule, const RowGroup& group,
                                            const RowShareMemory& memory) {
  const bool alike = group.count == 1 || (schedule.mask == nullptr && schedule.lengths == nullptr);
  if (alike) {
    const Range range = Range::part(group.B, group.index, group.count);
    std::iota(memory.rows, memory.rows + range.size(), static_cast<std::int32_t>(range.begin));
    return {memory.rows, static_cast<std::size_t>(range.size())};
  }
  for (std::int64_t b = 0; b < group.B; ++b) memory.live_steps[b] = live_steps(schedule, b);
  std::iota(memory.rows, memory.rows + group.B, 0);
  std::sort(memory.rows, memory.rows + group.B, [&](std::int32_t left, std::int32_t right) {
    const std::int32_t of_left = memory.live_steps[left];
    const std::int32_t of_right = memory.live_steps[right];
    return of_left != of_right ? of_left > of_right : left < right;
  });
  std::size_t count = 0;
  for (std::int64_t first = 0; first < group.B; first += group.count) {
    const bool forward = first / group.count % 2 == 0;
    const std::int64_t own = first + (forward ? group.index : group.count - 1 - group.index);
    if (own < group.B) memory.rows[count++] = memory.rows[own];
  }
  std::sort(memory.rows, memory.rows + count);
  return {memory.rows, count};
}

}  // namespace rondo::fused
