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
    for (std::int64_t row = 0; row < sums.rows; ++row) {
      float* const of_row = sums.sums + row * shape_.columns;
      std::fill(of_row + panels_.begin * shape_.panel, of_row + panels_.end * shape_.panel, 0.0F);
    }
  });
  const SequenceBuffer& d_x = run_.buffers.d_x;
  if (d_x.data == nullptr || !run_.spec.packed || run_.index != 0) return;
  for (std::int64_t row = 0; row < d_x.packed_rows; ++row) {
    std::memset(element(d_x.data, row * d_x.strides.batch, run_.spec.dtype), 0,
                static_cast<std::size_t>(shape_.I) * size_of(run_.spec.dtype));
  }
}

void WeightSums::add(std::int64_t live) const {
  const SharedGradients& shared = scratch_.shared;
  const GradientNotes& notes = scratch_.notes;
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  if (run_.buffers.d_x.data != nullptr) project(live);
  const std::int64_t first_of_reset = shape_.first_gates * shape_.gate_stride;
  for (std::int64_t p = panels_.begin; p < panels_.end; ++p) {
    const Range columns{p * shape_.panel, (p + 1) * shape_.panel};
    const bool takes_reset_h = columns.begin >= first_of_reset && shape_.two_products();
    if (target.kernel != nullptr) add_outer(notes.x, live, p, {shared.kernel, shape_.I, nullptr}, shared.d_input);
    if (target.recurrent_kernel != nullptr) {
      add_outer(takes_reset_h ? notes.reset_h : notes.h, live, p, {shared.recurrent_kernel, shape_.H, nullptr},
                shared.d_recurrent);
    }
    if (target.bias != nullptr) add_bias(live, columns, shared.d_input, shared.bias);
    if (target.recurrent_bias != nullptr) add_bias(live, columns, shared.d_recurrent, shared.recurrent_bias);
  }
}

/// sums[i][column] += sum over the live rows of rows[row][i] gradients[row][column], for the columns of a panel
void WeightSums::add_outer(const float* const* rows, std::int64_t live, std::int64_t panel, const Sums& sums,
                           const float* gradients) const {
  if (live == 0) return;
  for_each_tile(sums.rows, run_.kernels.gradients.most_outer_rows, [&](const Tile& tile) {
    run_.kernels.gradients.outer_product({.rows = rows,
                                          .columns = gradients + panel * shape_.panel,
                                          .columns_stride = shape_.row_stride,
                                          .K = live,
                                          .first = tile.first,
                                          .count = tile.rows,
                                          .sums = sums.sums + tile.first * shape_.columns + panel * shape_.panel,
                                          .sums_stride = shape_.columns});
  });
}

void WeightSums::add_bias(std::int64_t live, const Range& columns, const float* gradients, float* bias) const {
  for (std::int64_t row = 0; row < live; ++row) {
    const float* const of_row = gradients + row * shape_.row_stride;
    for (std::int64_t column = columns.begin; column < columns.end; ++column) bias[column] += of_row[column];
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
      run_.kernels.store_row(sums, std::min(shape_.panel, shape_.I - first), run_.spec.dtype,
                             element(run_.buffers.d_x.data, offset, run_.spec.dtype));
    }
  }
}

void WeightSums::store() const {
  for_each_sum([&](const Sums& sums) {
    if (sums.target == nullptr) return;
    for (std::int64_t row = 0; row < sums.rows; ++row) store_row(sums.sums + row * shape_.columns, row, sums.target);
  });
}

/// Stores this part's columns of a row, whose gates lie gate_stride apart and in the target H.
void WeightSums::store_row(const float* sums, std::int64_t row, void* target) const {
  const WeightGradientBuffers& weights = run_.buffers.d_weights;
  const Range own{panels_.begin * shape_.panel, panels_.end * shape_.panel};
  float block[kMostVectors * kMostLanes];
  for (std::int64_t gate = 0; gate < shape_.gates; ++gate) {
    const std::int64_t gate_begin = gate * shape_.gate_stride;
    const std::int64_t end = std::min(own.end, gate_begin + shape_.H);
    for (std::int64_t first = std::max(own.begin, gate_begin); first < end;) {
      const std::int64_t count = std::min<std::int64_t>(end - first, kMostVectors * kMostLanes);
      const std::int64_t index = (row * shape_.gates + gate) * shape_.H + first - gate_begin;
      std::byte* const place = element(target, index, weights.dtype);
      if (weights.accumulate) {
        run_.kernels.load_row(weights.dtype, place, count, block);
      } else {
        std::fill_n(block, count, 0.0F);
      }
      for (std::int64_t k = 0; k < count; ++k) block[k] += sums[first + k];
      run_.kernels.store_row(block, count, weights.dtype, place);
      first += count;
    }
  }
}

}  // namespace rondo::fused
