#include "cpu/fused/backward/worker.h"

#include <algorithm>
#include <cstring>

#include "cpu/fused/backward/gradient_chunks.h"
#include "cpu/fused/backward/gradient_gates.h"
#include "cpu/fused/backward/kept_rows.h"
#include "cpu/fused/backward/rerun.h"
#include "cpu/fused/backward/row_gradients.h"
#include "cpu/fused/backward/weight_sums.h"

namespace rondo::fused {
namespace {

/// The most bytes of a panel that all tiles of rows are multiplied by before its next part: with the rows, they fit the
/// second-level cache.
constexpr std::int64_t kPartBytes = std::int64_t{1} << 17;

/// Runs a group of rows backward through time, for some of the units, chunk by chunk; and after each chunk a part of
/// the products of all rows, which need no order of time.
class GradientWorker {
 public:
  explicit GradientWorker(const GradientArguments& run)
      : run_(run),
        spec_(run.spec),
        shape_(run.shape),
        schedule_(run.buffers.run.schedule),
        panels_(Range::part(shape_.unit_panels(), run.index % run.partition.unit_groups, run.partition.unit_groups)),
        scratch_(cut_gradient_scratch(run.workspace, spec_, run.kernels, run.partition, run.index)),
        rows_(rows_of_group(schedule_, {spec_.B, run.index / run.partition.unit_groups, run.partition.row_groups},
                            scratch_.notes.shares)),
        row_gradients_(run, scratch_, rows_, own_units()),
        kept_(run, scratch_, own_units()),
        chunks_(run, scratch_, kept_),
        rerun_(run, scratch_.rerun, rows_),
        gates_(spec_.cell, run.kernels),
        sums_(run, scratch_),
        product_(run.kernels.product(spec_.dtype, kMostVectors)) {}

  void run() {
    chunks_.note_own_rows(rows_);
    row_gradients_.load_final_states();
    sums_.begin();
    const bool keeps_gates = spec_.keep == Keep::gates;
    const std::int64_t range = keeps_gates ? std::max<std::int64_t>(spec_.T, 1) : rerun_steps(spec_);
    for (std::int64_t last = spec_.T; last > 0;) {
      const std::int64_t first = (last - 1) / range * range;
      if (!keeps_gates) {
        kept_.read_from(rerun_.run({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last)}));
      }
      run_range(first, last);
      last = first;
    }
    row_gradients_.store_states();
    if (spec_.T == 0) meet();  // with the rows' sums of the other parts
    row_gradients_.store_shared_reset_state(run_.part_of(shape_.H));
    sums_.store();
  }

 private:
  /// Runs the steps first .. last - 1 backward, whose gates and states are kept.
  void run_range(std::int64_t first_of_range, std::int64_t last) {
    while (last > first_of_range) {
      const std::int64_t first = chunks_.first_step(first_of_range, last);
      chunks_.note({first, last});
      for (std::int64_t s = last - 1; s >= first; --s) run_step(s, s - first);
      const std::int64_t live = scratch_.notes.first_live[last - first];
      meet();
      sums_.pack_features(live);
      meet();
      sums_.add(live);
      meet();
      last = first;
    }
  }

  void meet() const { run_.barrier.arrive_and_wait(run_.partition.threads()); }
  void meet_group() const { run_.group_barrier.arrive_and_wait(run_.partition.unit_groups); }

  Range own_units() const {
    return {std::min(shape_.H, panels_.begin * shape_.panel), std::min(shape_.H, panels_.end * shape_.panel)};
  }

  void run_step(std::int64_t s, std::int64_t step) {
    row_gradients_.add_outputs(s);
    const int count = begin_rows(s, step);
    if (shape_.two_products()) {
      apply(0, count);
      meet_group();
      multiply(s, count, {shape_.first_gates, shape_.gates}, scratch_.shared.d_reset_h, false);
      apply(1, count);
    } else {
      apply(0, count);
    }
    meet_group();
    multiply(s, count, {0, shape_.first_gates}, scratch_.shared.d_states[0], true);
    row_gradients_.clear_dead_inputs(s);
    row_gradients_.end_pieces(s);
  }

  /// Collects the group's live rows of the step. Returns their number.
  int begin_rows(std::int64_t s, std::int64_t step) {
    const GradientNotes& notes = scratch_.notes;
    int count = 0;
    for (std::int32_t live = notes.first_live[step]; live < notes.first_live[step + 1]; ++live) {
      const std::int64_t b = notes.live_rows[live];
      if (!notes.own[b]) continue;
      GradientRow& row = notes.rows[count];
      row.d_h = row_gradients_.d_state(0, b);
      row.d_c = row_gradients_.d_state(1, b);
      row.d_input = scratch_.shared.d_input + live * shape_.row_stride;
      row.d_recurrent = scratch_.shared.d_recurrent + live * shape_.row_stride;
      row.h = notes.h[live];
      if (shape_.two_products()) {
        row.d_reset_h = row_gradients_.row_of(scratch_.shared.d_reset_h, b);
        row.reset_h = scratch_.shared.reset_h + live * shape_.state_stride();
      }
      const std::int64_t kept = kept_.row(s, b);
      kept_.convert_h(kept, live);
      kept_.read_gates(kept, count, row);
      notes.of_step[count] = static_cast<std::int32_t>(b);
      ++count;
    }
    return count;
  }

  void apply(std::size_t stage, int count) const {
    const Range units = own_units();
    const bool last = panels_.end == shape_.unit_panels();
    gates_.apply(stage,
                 {.rows = scratch_.notes.rows,
                  .row_count = count,
                  .first = panels_.begin * shape_.panel,
                  .last = panels_.size() == 0 ? panels_.begin * shape_.panel : (last ? shape_.gate_stride : units.end),
                  .units = shape_.H,
                  .kept_stride = shape_.H,
                  .gate_stride = shape_.gate_stride});
  }

  /// target (of each row, own units) = gradients of the gates times U' of these gates, and with `adds` what is there.
  void multiply(std::int64_t s, int count, const Range& gates, float* target, bool adds) const {
    const GradientNotes& notes = scratch_.notes;
    const PanelMatrix matrix = run_.weights.recurrent_kernel(gates.begin, gates.end);
    for (int i = 0; i < count; ++i) notes.operands[i] = notes.rows[i].d_recurrent + gates.begin * shape_.gate_stride;
    if (count == 0) return;
    const int at_once = product_.panels_at_once(std::min(count, kMostRows));
    for_each_group(panels_, at_once, s % 2 != 0, [&](const Group& group) {
      multiply_group(count, group, matrix);
      take_sums(count, group, target, adds);
    });
  }

  /// notes.step_sums = rows of the operands times the panels of a group, part after part of a panel: all tiles of rows
  /// multiply a part while it is in the caches.
  void multiply_group(int count, const Group& group, const PanelMatrix& matrix) const {
    const GradientNotes& notes = scratch_.notes;
    const std::int64_t row_bytes = shape_.panel * static_cast<std::int64_t>(size_of(spec_.dtype));
    const bool is_read_once = group.panels > 1;  // few rows are a single tile
    const std::int64_t part_rows = is_read_once ? matrix.K : std::max<std::int64_t>(kPartBytes / row_bytes, 1);
    for (std::int64_t k = 0; k < matrix.K; k += part_rows) {
      const PanelMatrix part{matrix.panels + k * row_bytes, matrix.panel_bytes, std::min(part_rows, matrix.K - k)};
      for_each_tile(count, product_.most_rows, [&](const Tile& tile) {
        const float* rows[kMostRows];
        for (int i = 0; i < tile.rows; ++i) rows[i] = notes.operands[tile.first + i] + k;
        float* const sums = notes.step_sums + tile.first * shape_.panel;
        product_.multiply({.rows = rows,
                           .row_count = tile.rows,
                           .K = part.K,
                           .panels = part.panel(group.first),
                           .panel_stride = matrix.panel_bytes / static_cast<std::int64_t>(size_of(spec_.dtype)),
                           .panel_count = group.panels,
                           .prefetch = {},
                           .start = k == 0 ? nullptr : sums,
                           .sums = sums,
                           .sums_stride = tile.rows * shape_.panel,
                           .start_stride = shape_.panel});
      });
    }
  }

  void take_sums(int count, const Group& group, float* target, bool adds) const {
    const float* sums = scratch_.notes.step_sums;
    for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
      for (int i = 0; i < count; ++i, sums += shape_.panel) {
        float* const states = row_gradients_.row_of(target, scratch_.notes.of_step[i]) + p * shape_.panel;
        if (adds) {
          for (std::int64_t u = 0; u < shape_.panel; ++u) states[u] += sums[u];
        } else {
          std::copy_n(sums, shape_.panel, states);
        }
      }
    }
  }

  const GradientArguments& run_;
  const RecurrenceSpec& spec_;
  const GradientShape& shape_;
  const Schedule& schedule_;
  const Range panels_;  ///< this part's panels of units
  const GradientScratch scratch_;
  const std::span<const std::int32_t> rows_;
  const RowGradients row_gradients_;
  KeptRows kept_;
  const GradientChunks chunks_;
  const Rerun rerun_;
  const GradientGates gates_;
  const WeightSums sums_;
  const ProductKernel product_;
};

}  // namespace

void run_gradient_worker(const GradientArguments& arguments) { GradientWorker(arguments).run(); }

}  // namespace rondo::fused
