/// Which rows of the batch a thread has: how many at most, and where they begin. Floor 4.
#pragma once

#include <cstdint>

#include "cuda/persistent/persistent_shape.h"

namespace rondo {

/// Where a thread's rows are.
struct UnitPlace {
  int unit = 0;                ///< of the block
  std::int32_t u = 0;          ///< of the layer; H or more: none
  std::int32_t first_row = 0;  ///< of the batch: the team's first
  int rows = 0;                ///< of the team
  int row = 0;                 ///< of a pass: this thread's first
  int row_step = 1;            ///< to its next one
  int lane = 0;                ///< among those that share a unit of a row: the first has the unit, others no `u`
};

/// How many rows there may be: of a team in passes of so many, and in each of them of a thread.
template <int kPassesValue, int kPassRowsValue, int kThreadRowsValue>
struct RowCounts {
  static constexpr int kPasses = kPassesValue;
  static constexpr int kPassRows = kPassRowsValue;
  static constexpr int kThreadRows = kThreadRowsValue;
};

/// Rows of a pass that a thread needs room for: all of them, dealt to the threads of a unit.
template <PersistentKind kKind, int kOctets, int kRowTiles>
RONDO_HOST_DEVICE constexpr int thread_rows(int pass_rows) {
  constexpr int kUnitThreads = fewest_k_warps(kKind, kOctets, kRowTiles) * device::kWarpLanes / (kOctets * kOctetUnits);
  return (pass_rows + kUnitThreads - 1) / kUnitThreads;
}

}  // namespace rondo
