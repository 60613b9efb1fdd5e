#include "cpu/fused/backward/weight_sums.h"

#include <algorithm>
#include <cstring>

namespace rondo::fused {
namespace {

std::byte* element(void* data, std::int64_t index, DType dtype) {
  return static_cast<std::byte*>(data) + index * static_cast<std::int64_t>(size_of(dtype));
}

}  // namespace

WeightSums::WeightSums(const GradientArguments& run, const GradientScratch& scratch)
    : run_(run),
      scratch_(scratch),
      shape_(run.shape),
      panels_(run.part_of(run.shape.column_panels())),
      product_(run.kernels.product(run.spec.dtype, kMostVectors)) {}

template <typename Function>
void WeightSums::for_each_sum(const Function& function) const {
  const SharedGradients& shared = scratch_.shared;
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  function(Sums{shared.kernel, shape_.I, target.kernel});
  function(Sums{shared.recurrent_kernel, shape_.H, target.recurrent_kernel});
  function(Sums{shared.bias, 1, target.bias});
  function(Sums{shared.recurrent_bias, 1, target.recurrent_bias});
}

void WeightSums::begin() const {
  for_each_sum([&](const Sums& sums) {
    if (sums.target == nullptr) return;
    const std::int64_t of_panel = sums.rows * shape_.panel;
    std::fill(sums.sums + panels_.begin * of_panel, sums.sums + panels_.end * of_panel, 0.0F);
  });
  const SequenceBuffer& d_x = run_.buffers.d_x;
  if (d_x.data == nullptr || run_.buffers.accumulates_x || !run_.spec.packed || run_.index != 0) return;
  for (std::int64_t row = 0; row < d_x.packed_rows; ++row) {
    std::memset(element(d_x.data, row * d_x.strides.batch, run_.spec.dtype), 0,
                static_cast<std::size_t>(shape_.I) * size_of(run_.spec.dtype));
  }
}

void WeightSums::pack_features(std::int64_t live) const {
  const SharedGradients& shared = scratch_.shared;
  const GradientNotes& notes = scratch_.notes;
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  const Range own = run_.part_of(live);
  if (target.kernel != nullptr) pack(notes.x, own, shape_.I, shared.x_features);
  if (target.recurrent_kernel == nullptr) return;
  pack(notes.h, own, shape_.H, shared.h_features);
  if (shape_.two_products()) pack(notes.reset_h, own, shape_.H, shared.reset_h_features);
}

/// target[tile][row][i] = rows[row][tile's i-th feature]
void WeightSums::pack(const float* const* rows, const Range& live, std::int64_t features, float* target) const {
  for_each_tile(features, run_.kernels.gradients.most_features, [&](const Tile& tile) {
    float* const of_tile = target + tile.index * scratch_.capacity * kFeatureStride;
    for (std::int64_t row = live.begin; row < live.end; ++row) {
      std::copy_n(rows[row] + tile.first, tile.rows, of_tile + row * kFeatureStride);
    }
  });
}

// Part after part of the rows, whose gradients stay in the first-level cache for all features.
void WeightSums::add(std::int64_t live) const {
  if (run_.buffers.d_x.data != nullptr) project(live);
  for (std::int64_t p = panels_.begin; p < panels_.end; ++p) {
    for (std::int64_t row = 0; row < live; row += kPartRows) add_part({row, std::min(row + kPartRows, live)}, p);
  }
}

/// Adds the gradients of some rows to the sums of a panel.
void WeightSums::add_part(const Range& rows, std::int64_t panel) const {
  const SharedGradients& shared = scratch_.shared;
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  copy_columns(rows, panel, shared.d_input);
  if (target.kernel != nullptr) add_outer(shared.x_features, rows, panel, {shared.kernel, shape_.I, nullptr});
  if (target.bias != nullptr) add_bias(rows.size(), panel, shared.bias);
  if (target.recurrent_kernel == nullptr && target.recurrent_bias == nullptr) return;
  if (shape_.splits) copy_columns(rows, panel, shared.d_recurrent);
  if (target.recurrent_bias != nullptr) add_bias(rows.size(), panel, shared.recurrent_bias);
  if (target.recurrent_kernel == nullptr) return;
  const std::int64_t first_of_reset = shape_.first_gates * shape_.gate_stride / shape_.panel;
  const bool takes_reset_h = shape_.two_products() && panel >= first_of_reset;
  add_outer(takes_reset_h ? shared.reset_h_features : shared.h_features, rows, panel,
            {shared.recurrent_kernel, shape_.H, nullptr});
}

/// notes.columns = the gradients of some rows in the columns of a panel. In place each row would be on a page of its
/// own, and all of them are more than the processor has addresses of.
void WeightSums::copy_columns(const Range& rows, std::int64_t panel, const float* gradients) const {
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    std::copy_n(gradients + row * shape_.row_stride + panel * shape_.panel, shape_.panel,
                scratch_.notes.columns + (row - rows.begin) * shape_.panel);
  }
}

/// sums[i][column] += sum over the rows of features[row][i] columns[row][column].
void WeightSums::add_outer(const float* features, const Range& rows, std::int64_t panel, const Sums& sums) const {
  for_each_tile(sums.rows, run_.kernels.gradients.most_features, [&](const Tile& tile) {
    run_.kernels.gradients.outer_product(
        {.features = features + (tile.index * scratch_.capacity + rows.begin) * kFeatureStride,
         .columns = scratch_.notes.columns,
         .K = rows.size(),
         .count = tile.rows,
         .sums = sums.sums + (panel * sums.rows + tile.first) * shape_.panel});
  });
}

void WeightSums::add_bias(std::int64_t rows, std::int64_t panel, float* bias) const {
  const float* of_row = scratch_.notes.columns;
  float* const sums = bias + panel * shape_.panel;
  for (std::int64_t row = 0; row < rows; ++row, of_row += shape_.panel) {
    for (std::int64_t column = 0; column < shape_.panel; ++column) sums[column] += of_row[column];
  }
}

/// d_x = d(x W) W', for this part's live rows
void WeightSums::project(std::int64_t live) const {
  const GradientNotes& notes = scratch_.notes;
  const Range rows = run_.part_of(live);
  if (rows.size() == 0) return;
  const PanelMatrix matrix = run_.weights.kernel();
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    notes.operands[row - rows.begin] = scratch_.shared.d_input + row * shape_.row_stride;
  }
  const int at_once = product_.panels_at_once(static_cast<int>(std::min<std::int64_t>(rows.size(), kMostRows)));
  for_each_group({0, shape_.input_panels()}, at_once, false, [&](const Group& group) {
    for_each_tile(rows.size(), product_.most_rows, [&](const Tile& tile) {
      product_.multiply({.rows = notes.operands + tile.first,
                         .row_count = tile.rows,
                         .K = matrix.K,
                         .panels = matrix.panel(group.first),
                         .panel_stride = matrix.panel_bytes / static_cast<std::int64_t>(size_of(run_.spec.dtype)),
                         .panel_count = group.panels,
                         .prefetch = prefetch_of(tile, group, matrix, run_.weights.bytes()),
                         .start = nullptr,
                         .sums = notes.block,
                         .sums_stride = tile.rows * shape_.panel});
      store_inputs(tile, group, rows);
    });
  });
}

void WeightSums::store_inputs(const Tile& tile, const Group& group, const Range& rows) const {
  const GradientNotes& notes = scratch_.notes;
  const float* sums = notes.block;
  for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
    const std::int64_t first = p * shape_.panel;
    for (int i = 0; i < tile.rows; ++i, sums += shape_.panel) {
      const std::int64_t offset = notes.d_x[rows.begin + tile.first + i] + first;
      store(sums, std::min(shape_.panel, shape_.I - first), run_.buffers.accumulates_x, run_.spec.dtype,
            element(run_.buffers.d_x.data, offset, run_.spec.dtype));
    }
  }
}

/// Writes at most a panel's row of sums, or adds them to what is there.
void WeightSums::store(const float* sums, std::int64_t count, bool adds, DType dtype, std::byte* target) const {
  if (!adds) return run_.kernels.store_row(sums, count, dtype, target);
  float block[kMostVectors * kMostLanes];
  run_.kernels.load_row(dtype, target, count, block);
  for (std::int64_t k = 0; k < count; ++k) block[k] += sums[k];
  run_.kernels.store_row(block, count, dtype, target);
}

void WeightSums::store() const {
  for_each_sum([&](const Sums& sums) {
    if (sums.target == nullptr) return;
    for (std::int64_t row = 0; row < sums.rows; ++row) store_row(sums, row);
  });
}

/// Stores this part's columns of a row, whose gates lie gate_stride apart and in the target H.
void WeightSums::store_row(const Sums& sums, std::int64_t row) const {
  const WeightGradientBuffers& weights = run_.buffers.d_weights;
  for (std::int64_t p = panels_.begin; p < panels_.end; ++p) {
    const float* const of_panel = sums.sums + (p * sums.rows + row) * shape_.panel - p * shape_.panel;
    for (std::int64_t first = p * shape_.panel; first < (p + 1) * shape_.panel;) {
      const std::int64_t gate = first / shape_.gate_stride;
      const std::int64_t unit = first % shape_.gate_stride;
      if (gate >= shape_.gates) break;
      const std::int64_t last = std::min((p + 1) * shape_.panel, (gate + 1) * shape_.gate_stride);
      const std::int64_t count = std::min(last - first, shape_.H - unit);
      if (count > 0) {
        std::byte* const place = element(sums.target, (row * shape_.gates + gate) * shape_.H + unit, weights.dtype);
        store(of_panel + first, count, weights.accumulate, weights.dtype, place);
      }
      first = last;
    }
  }
}

}  // namespace rondo::fused
