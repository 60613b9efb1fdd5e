#include "cpu/fused/projection.h"

#include <algorithm>

#include "recurrence/dispatch_cell.h"

namespace rondo::fused {

Projection::Projection(const WorkerArguments& run, const Scratch& scratch)
    : run_(run),
      scratch_(scratch),
      shape_(run.spec.cell, run.kernels.lanes),
      panels_(Range::part(shape_.panels(), run.index % run.partition.unit_groups, run.partition.unit_groups)),
      product_(run.kernels.product(run.spec.dtype, kMostVectors)),
      bound_(bound_of<float>(run.spec.cell.projection_clip)) {}

Range Projection::features() const {
  return {std::min(shape_.P, panels_.begin * shape_.width), std::min(shape_.P, panels_.end * shape_.width)};
}

void Projection::run(std::int64_t count, bool backward) const {
  const Notes& notes = scratch_.notes;
  const PanelMatrix matrix = run_.variant.projection();
  const std::int64_t stride = matrix.panel_bytes / static_cast<std::int64_t>(size_of(run_.spec.dtype));
  for (std::int64_t i = 0; i < count; ++i) notes.operands[i] = notes.row_states[i].next_h;
  const int at_once = product_.panels_at_once(static_cast<int>(std::min<std::int64_t>(count, kMostRows)));
  alignas(64) float sums[kMostSums];
  for_each_group(panels_, at_once, backward, [&](const Group& group) {
    for_each_tile(count, product_.most_rows, [&](const Tile& tile) {
      product_({.rows = notes.operands + tile.first,
                .row_count = tile.rows,
                .K = matrix.K,
                .panels = matrix.panel(group.first),
                .panel_stride = stride,
                .panel_count = group.panels,
                .prefetch = prefetch_of(tile, group, matrix, run_.weights.bytes(), product_),
                .start = nullptr,
                .sums = sums,
                .sums_stride = tile.rows * shape_.width});
      store(tile, group, sums);
    });
  });
}

void Projection::store(const Tile& tile, const Group& group, const float* sums) const {
  for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
    for (std::int64_t row = tile.first; row < tile.first + tile.rows; ++row, sums += shape_.width) {
      std::transform(sums, sums + shape_.width, scratch_.notes.projected[row] + p * shape_.width,
                     [this](float sum) { return formula::clip(sum, -bound_, bound_); });
    }
  }
}

}  // namespace rondo::fused
