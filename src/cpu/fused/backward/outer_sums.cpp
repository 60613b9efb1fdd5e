#include "cpu/fused/backward/outer_sums.h"

#include <algorithm>

namespace rondo::fused {

void OuterSums::begin(const Sums& sums, const Range& panels) const {
  if (sums.target == nullptr) return;
  const std::int64_t of_panel = sums.rows * run_.shape.panel;
  std::fill(sums.sums + panels.begin * of_panel, sums.sums + panels.end * of_panel, 0.0F);
}

void OuterSums::pack(const float* const* rows, const Range& live, std::int64_t features, float* target) const {
  for_each_tile(features, run_.kernels.gradients.most_features, [&](const Tile& tile) {
    float* const of_tile = target + tile.index * scratch_.capacity * kFeatureStride;
    for (std::int64_t row = live.begin; row < live.end; ++row) {
      std::copy_n(rows[row] + tile.first, tile.rows, of_tile + row * kFeatureStride);
    }
  });
}

// In place each row would be on a page of its own, and all of them are more than the processor has addresses of.
void OuterSums::copy_columns(const Range& rows, std::int64_t panel, const float* gradients, std::int64_t stride) const {
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    std::copy_n(gradients + row * stride + panel * run_.shape.panel, run_.shape.panel,
                scratch_.notes.columns + (row - rows.begin) * run_.shape.panel);
  }
}

void OuterSums::add_outer(const float* features, const Range& rows, std::int64_t panel, const Sums& sums) const {
  for_each_tile(sums.rows, run_.kernels.gradients.most_features, [&](const Tile& tile) {
    run_.kernels.gradients.outer_product(
        {.features = features + (tile.index * scratch_.capacity + rows.begin) * kFeatureStride,
         .columns = scratch_.notes.columns,
         .K = rows.size(),
         .count = tile.rows,
         .sums = sums.sums + (panel * sums.rows + tile.first) * run_.shape.panel});
  });
}

void OuterSums::add_bias(std::int64_t rows, std::int64_t panel, float* sums) const {
  const float* of_row = scratch_.notes.columns;
  float* const of_panel = sums + panel * run_.shape.panel;
  for (std::int64_t row = 0; row < rows; ++row, of_row += run_.shape.panel) {
    for (std::int64_t column = 0; column < run_.shape.panel; ++column) of_panel[column] += of_row[column];
  }
}

void OuterSums::store(const Sums& sums, const Range& panels, const SumColumns& columns) const {
  if (sums.target == nullptr) return;
  for (std::int64_t row = 0; row < sums.rows; ++row) store_row(sums, row, panels, columns);
}

void OuterSums::store(const float* sums, std::int64_t count, bool adds, DType dtype, std::byte* target) const {
  if (!adds) return run_.kernels.store_row(sums, count, dtype, target);
  float block[kMostVectors * kMostLanes];
  run_.kernels.load_row(dtype, target, count, block);
  for (std::int64_t k = 0; k < count; ++k) block[k] += sums[k];
  run_.kernels.store_row(block, count, dtype, target);
}

void OuterSums::store_row(const Sums& sums, std::int64_t row, const Range& panels, const SumColumns& columns) const {
  const WeightGradientBuffers& weights = run_.buffers.d_weights;
  const std::int64_t width = run_.shape.panel;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    const float* const of_panel = sums.sums + (p * sums.rows + row) * width - p * width;
    for (std::int64_t first = p * width; first < (p + 1) * width;) {
      const std::int64_t gate = first / columns.gate_stride;
      const std::int64_t unit = first % columns.gate_stride;
      if (gate >= columns.gates) break;
      const std::int64_t last = std::min((p + 1) * width, (gate + 1) * columns.gate_stride);
      const std::int64_t count = std::min(last - first, columns.units - unit);
      if (count > 0) {
        const std::int64_t place = (row * columns.gates + gate) * columns.units + unit;
        store(of_panel + first, count, weights.accumulate, weights.dtype,
              static_cast<std::byte*>(sums.target) + place * static_cast<std::int64_t>(size_of(weights.dtype)));
      }
      first = last;
    }
  }
}

}  // namespace rondo::fused
