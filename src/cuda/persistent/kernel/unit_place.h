/// Which rows of the batch a thread has: how many at most, and where they begin. Floor 4.
#pragma once

#include <cstdint>

#include "cuda/device/thread.cuh"
#include "cuda/persistent/shape/persistent_shape.h"

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

/// Which unit and rows a thread of a block has, in a pass.
struct ThreadPlace {
  int unit = 0;
  int row = 0;  ///< its first one; `pass_rows`: none
  int row_step = 1;
  int lane = 0;  ///< among those that share them; only the first has the unit
};

/// Units lie beside each other in threads, each `lanes` times, and rows follow. With words in threes a warp has 24
/// units of a row in its first lanes, and its other lanes have none. Threads that are left over have no row.
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

/// How many rows there may be: of a team in passes of so many, and in each of them of a thread. Where it is known
/// beforehand how many units a block has, kUnits says so, and all of its kMostWarps warps are along k.
template <int kPassesValue, int kPassRowsValue, int kThreadRowsValue, int kUnitsValue>
struct PassCounts {
  static constexpr int kPasses = kPassesValue;
  static constexpr int kPassRows = kPassRowsValue;
  static constexpr int kThreadRows = kThreadRowsValue;
  static constexpr int kUnits = kUnitsValue;
};

/// Rows of a pass that a thread needs room for: all of them, dealt to the threads of a unit.
template <PersistentKind kKind, int kOctets, int kRowTiles>
RONDO_HOST_DEVICE constexpr int thread_rows(int pass_rows) {
  constexpr int kUnitThreads = fewest_k_warps(kKind, kOctets, kRowTiles) * device::kWarpLanes / (kOctets * kOctetUnits);
  return (pass_rows + kUnitThreads - 1) / kUnitThreads;
}

}  // namespace rondo
