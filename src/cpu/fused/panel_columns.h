/// Which columns of a matrix lie where in a panel.
#pragma once

#include <algorithm>

#include "cpu/fused/panels.h"
#include "cpu/fused/partition.h"

namespace rondo::fused {

/// Maps the columns of a pass from the source, ordered by gate and then unit, to elements of a panel.
struct Columns {
  const Pass& pass;
  std::int64_t H;
  int lanes;

  /// Calls `move(source column, target element, count)` for the columns of panel `p`, in runs that are adjacent in
  /// both.
  template <typename Move>
  void for_each_run(std::int64_t p, Move&& move) const {
    const std::int64_t first = p * pass.panel_units(lanes);
    for (std::int64_t v = 0; v < pass.unit_vectors; ++v) {
      const std::int64_t u = first + v * lanes;
      const std::int64_t count = std::min<std::int64_t>(lanes, H - u);
      for (int gate = 0; gate < pass.gates && count > 0; ++gate) {
        move((pass.first_gate + gate) * H + u, (v * pass.gates + gate) * lanes, count);
      }
    }
  }
};

}  // namespace rondo::fused
