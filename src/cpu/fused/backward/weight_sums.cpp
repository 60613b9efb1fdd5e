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
      sums_(run, scratch),
      product_(run.kernels.product(run.spec.dtype, kMostVectors)) {}

template <typename Function>
void WeightSums::for_each_sum(const Function& function) const {
  const SharedGradients& shared = scratch_.shared;
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  function(Sums{shared.kernel, shape_.I, target.kernel});
  function(Sums{shared.recurrent_kernel, shape_.P, target.recurrent_kernel});
  function(Sums{shared.bias, 1, target.bias});
  function(Sums{shared.recurrent_bias, 1, target.recurrent_bias});
}

void WeightSums::begin() const {
  for_each_sum([&](const Sums& sums) { sums_.begin(sums, panels_); });
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
  if (target.kernel != nullptr) sums_.pack(notes.x, own, shape_.I, shared.x_features);
  if (target.recurrent_kernel == nullptr) return;
  sums_.pack(notes.h, own, shape_.P, shared.h_features);
  if (shape_.two_products()) sums_.pack(notes.reset_h, own, shape_.H, shared.reset_h_features);
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
  sums_.copy_columns(rows, panel, shared.d_input, shape_.row_stride);
  if (target.kernel != nullptr) sums_.add_outer(shared.x_features, rows, panel, {shared.kernel, shape_.I, nullptr});
  if (target.bias != nullptr) sums_.add_bias(rows.size(), panel, shared.bias);
  if (target.recurrent_kernel == nullptr && target.recurrent_bias == nullptr) return;
  if (shape_.splits) sums_.copy_columns(rows, panel, shared.d_recurrent, shape_.row_stride);
  if (target.recurrent_bias != nullptr) sums_.add_bias(rows.size(), panel, shared.recurrent_bias);
  if (target.recurrent_kernel == nullptr) return;
  const std::int64_t first_of_reset = shape_.first_gates * shape_.gate_stride / shape_.panel;
  const bool takes_reset_h = shape_.two_products() && panel >= first_of_reset;
  sums_.add_outer(takes_reset_h ? shared.reset_h_features : shared.h_features, rows, panel,
                  {shared.recurrent_kernel, shape_.P, nullptr});
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
      product_({.rows = notes.operands + tile.first,
                .row_count = tile.rows,
                .K = matrix.K,
                .panels = matrix.panel(group.first),
                .panel_stride = matrix.panel_bytes / static_cast<std::int64_t>(size_of(run_.spec.dtype)),
                .panel_count = group.panels,
                .prefetch = prefetch_of(tile, group, matrix, run_.weights.bytes(), product_),
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
      sums_.store(sums, std::min(shape_.panel, shape_.I - first), run_.buffers.accumulates_x, run_.spec.dtype,
                  element(run_.buffers.d_x.data, offset, run_.spec.dtype));
    }
  }
}

void WeightSums::store() const {
  for_each_sum([&](const Sums& sums) { sums_.store(sums, panels_, {shape_.gates, shape_.H, shape_.gate_stride}); });
}

}  // namespace rondo::fused
