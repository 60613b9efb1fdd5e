/// Which unit and which rows of the batch a thread has.
#pragma once

#include <cstdint>

#include "cuda/device/thread.cuh"
#include "cuda/persistent/shape/persistent_shape.h"

namespace rondo {

/// The unit and the rows of a thread.
struct UnitPlace {
  int unit = 0;                ///< of the block's
  std::int32_t u = 0;          ///< of the layer's; H or more: the thread has none
  std::int32_t first_row = 0;  ///< the team's first, in the batch
  int rows = 0;                ///< how many the team has
  int row = 0;                 ///< this thread's first, in a pass
  int row_step = 1;            ///< from one row of this thread to the next
  int lane = 0;                ///< among the lanes that share a unit of a row: lane 0 has the unit, others have no `u`
};

/// The unit and the rows of a pass that a thread of a block has.
struct ThreadPlace {
  int unit = 0;
  int row = 0;  ///< the first; `pass_rows`: the thread has none
  int row_step = 1;
  int lane = 0;  ///< among the lanes that share them; only lane 0 has the unit
};

/// Neighbouring threads have neighbouring units. Each unit of a row has `lanes` threads, and the threads of one row
/// follow those of another. With words in threes, the first 24 lanes of a warp have units of a row, and its other lanes
/// have none. Threads that are left over have no row.
__device__ inline ThreadPlace thread_place(const PersistentShape& shape, int lanes, bool threes, int pass_rows) {
  const int thread = static_cast<int>(device::thread_index().x);
  if (threes) {
    constexpr int kUnits = 24;
    const int lane = thread % device::kWarpLanes;
    const int warp = thread / device::kWarpLanes;
    const int row_warps = shape.units() / kUnits;
    const bool has_unit = lane < kUnits;
    return {.unit = has_unit ? warp % row_warps * kUnits + lane : 0,
            .row = has_unit ? warp / row_warps : pass_rows,
            .row_step = shape.warps() / row_warps,
            .lane = has_unit ? 0 : 1};
  }
  const int place = thread / shape.units();
  const int row_step = shape.threads() / (shape.units() * lanes);
  return {.unit = thread % shape.units(),
          .row = place / lanes < row_step ? place / lanes : pass_rows,
          .row_step = row_step,
          .lane = place % lanes};
}

/// Counts that are known when a kernel is compiled: kPasses passes of a team, kPassRows rows of a pass, and kThreadRows
/// rows that a thread has at most in a pass. kUnits is the number of a block's units where that is known, in blocks
/// whose kMostWarps warps are all along k; otherwise 0.
template <int kPassesValue, int kPassRowsValue, int kThreadRowsValue, int kUnitsValue>
struct PassCounts {
  static constexpr int kPasses = kPassesValue;
  static constexpr int kPassRows = kPassRowsValue;
  static constexpr int kThreadRows = kThreadRowsValue;
  static constexpr int kUnits = kUnitsValue;
};

/// Rows of a pass that a thread needs room for: the rows of a pass are dealt to the threads of a unit.
template <PersistentKind kKind, int kOctets, int kRowTiles>
RONDO_HOST_DEVICE constexpr int thread_rows(int pass_rows) {
  constexpr int kUnitThreads = fewest_k_warps(kKind, kOctets, kRowTiles) * device::kWarpLanes / (kOctets * kOctetUnits);
  return (pass_rows + kUnitThreads - 1) / kUnitThreads;
}

}  // namespace rondo
