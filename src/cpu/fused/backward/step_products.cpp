#include "cpu/fused/backward/step_products.h"

#include <algorithm>

namespace rondo::fused {
namespace {

/// The most bytes of a panel that all tiles of rows are multiplied by before its next part: with the rows, they fit the
/// second-level cache.
constexpr std::int64_t kPartBytes = std::int64_t{1} << 17;

}  // namespace

void StepProducts::multiply(int count, const PanelMatrix& matrix, const Target& target) const {
  if (count == 0) return;
  const int at_once = product_.panels_at_once(std::min(count, kMostRows));
  for_each_group(target.panels, at_once, target.backward, [&](const Group& group) {
    multiply_group(count, group, matrix);
    take_sums(count, group, target.adds);
  });
}

/// notes.step_sums = rows of the operands times the panels of a group, part after part of a panel: all tiles of rows
/// multiply a part while it is in the caches.
void StepProducts::multiply_group(int count, const Group& group, const PanelMatrix& matrix) const {
  const GradientNotes& notes = scratch_.notes;
  const std::int64_t row_bytes = run_.shape.panel * static_cast<std::int64_t>(size_of(run_.spec.dtype));
  const bool is_read_once = group.panels > 1;  // few rows are a single tile
  const std::int64_t part_rows = is_read_once ? matrix.K : std::max<std::int64_t>(kPartBytes / row_bytes, 1);
  for (std::int64_t k = 0; k < matrix.K; k += part_rows) {
    const PanelMatrix part{matrix.panels + k * row_bytes, matrix.panel_bytes, std::min(part_rows, matrix.K - k)};
    for_each_tile(count, product_.most_rows, [&](const Tile& tile) {
      const float* rows[kMostRows];
      for (int i = 0; i < tile.rows; ++i) rows[i] = notes.operands[tile.first + i] + k;
      float* const sums = notes.step_sums + tile.first * run_.shape.panel;
      product_({.rows = rows,
                .row_count = tile.rows,
                .K = part.K,
                .panels = part.panel(group.first),
                .panel_stride = matrix.panel_bytes / static_cast<std::int64_t>(size_of(run_.spec.dtype)),
                .panel_count = group.panels,
                .prefetch = {},
                .start = k == 0 ? nullptr : sums,
                .sums = sums,
                .sums_stride = tile.rows * run_.shape.panel,
                .start_stride = run_.shape.panel});
    });
  }
}

void StepProducts::take_sums(int count, const Group& group, bool adds) const {
  const float* sums = scratch_.notes.step_sums;
  for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
    for (int i = 0; i < count; ++i, sums += run_.shape.panel) {
      float* const states = scratch_.notes.targets[i] + p * run_.shape.panel;
      if (adds) {
        for (std::int64_t u = 0; u < run_.shape.panel; ++u) states[u] += sums[u];
      } else {
        std::copy_n(sums, run_.shape.panel, states);
      }
    }
  }
}

}  // namespace rondo::fused
