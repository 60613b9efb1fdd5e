#include "cpu/fused/backward/worker.h"

#include <algorithm>
#include <cstring>

#include "cpu/fused/backward/gradient_chunks.h"
#include "cpu/fused/backward/gradient_gates.h"
#include "cpu/fused/backward/kept_rows.h"
#include "cpu/fused/backward/projection_gradient.h"
#include "cpu/fused/backward/rerun.h"
#include "cpu/fused/backward/row_gradients.h"
#include "cpu/fused/backward/variant_sums.h"
#include "cpu/fused/backward/weight_sums.h"

namespace rondo::fused {
namespace {

/// Runs a group of rows backward through time, for some of the units, chunk by chunk; and after each chunk a part of
/// the products of all rows, which need no order of time.
class GradientWorker {
 public:
  explicit GradientWorker(const GradientArguments& run)
      : run_(run),
        spec_(run.spec),
        shape_(run.shape),
        schedule_(run.buffers.run.schedule),
        panels_(own_part(shape_.unit_panels())),
        h_panels_(own_part(shape_.h_panels())),
        scratch_(cut_gradient_scratch(run.workspace, spec_, run.kernels, run.partition, run.index)),
        rows_(rows_of_group(schedule_, {spec_.B, run.index / run.partition.unit_groups, run.partition.row_groups},
                            scratch_.notes.shares)),
        row_gradients_(run, scratch_, rows_, own_units()),
        kept_(run, scratch_, own_units()),
        chunks_(run, scratch_, kept_),
        rerun_(run, scratch_.rerun, rows_),
        gates_(spec_.cell, run.kernels),
        sums_(run, scratch_),
        variant_sums_(run, scratch_),
        products_(run, scratch_),
        projection_(run, scratch_, {.h = h_panels_, .gates = panels_}) {}

  void run() {
    chunks_.note_own_rows(rows_);
    row_gradients_.load_final_states();
    sums_.begin();
    variant_sums_.begin();
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
    row_gradients_.store_shared_reset_state();
    sums_.store();
    variant_sums_.store();
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
      variant_sums_.pack_features(live);
      meet();
      sums_.add(live);
      variant_sums_.add(live);
      meet();
      last = first;
    }
  }

  void meet() const { run_.barrier.arrive_and_wait(run_.partition.threads()); }
  void meet_group() const { run_.group_barrier.arrive_and_wait(run_.partition.unit_groups); }

  /// This part's share of what its group of rows has.
  Range own_part(std::int64_t size) const {
    return Range::part(size, run_.index % run_.partition.unit_groups, run_.partition.unit_groups);
  }
  Range units_of(const Range& panels, std::int64_t size) const {
    return {std::min(size, panels.begin * shape_.panel), std::min(size, panels.end * shape_.panel)};
  }
  OwnUnits own_units() const { return {.h = units_of(h_panels_, shape_.P), .gates = units_of(panels_, shape_.H)}; }

  float* unprojected(std::int64_t live) const { return scratch_.shared.unprojected + live * shape_.state_stride(); }

  void run_step(std::int64_t s, std::int64_t step) {
    row_gradients_.add_outputs(s);
    const int count = begin_rows(s, step);
    if (shape_.projects) run_projection(s, count);
    if (shape_.two_products()) {
      apply(0, count);
      meet_group();
      multiply(s, count, {shape_.first_gates, shape_.gates}, scratch_.shared.d_reset_h, false);
      apply(1, count);
    } else {
      apply(0, count);
    }
    meet_group();
    multiply(s, count, {0, shape_.first_gates}, scratch_.shared.d_states[0], !shape_.projects);
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
      row.d_h =
          shape_.projects ? row_gradients_.row_of(scratch_.shared.d_unprojected, b) : row_gradients_.d_state(0, b);
      row.d_c = row_gradients_.d_state(1, b);
      row.d_input = scratch_.shared.d_input + live * shape_.row_stride;
      row.d_recurrent = scratch_.shared.d_recurrent + live * shape_.row_stride;
      row.h = notes.h[live];
      row.unprojected = shape_.projects ? unprojected(live) : nullptr;
      row.peephole_terms =
          spec_.cell.use_peepholes ? scratch_.shared.peephole_terms + live * kPeepholes * shape_.gate_stride : nullptr;
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

  GradientPanel gate_panel(int count) const {
    const Range units = own_units().gates;
    const bool last = panels_.end == shape_.unit_panels();
    return {.rows = scratch_.notes.rows,
            .row_count = count,
            .first = panels_.begin * shape_.panel,
            .last = panels_.size() == 0 ? panels_.begin * shape_.panel : (last ? shape_.gate_stride : units.end),
            .units = shape_.H,
            .kept_stride = shape_.H,
            .gate_stride = shape_.gate_stride,
            .variant = &run_.variant.lstm()};
  }
  void apply(std::size_t stage, int count) const { gates_.apply(stage, gate_panel(count)); }

  /// d_h before the projection, for own units.
  void run_projection(std::int64_t s, int count) const {
    gates_.unproject(gate_panel(count));
    projection_.run(count, s % 2 != 0);
  }

  /// target (of each row) = gradients of some gates times U' of these gates
  void multiply(std::int64_t s, int count, const Range& gates, float* target, bool adds) const {
    const GradientNotes& notes = scratch_.notes;
    for (int i = 0; i < count; ++i) {
      notes.operands[i] = notes.rows[i].d_recurrent + gates.begin * shape_.gate_stride;
      notes.targets[i] = row_gradients_.row_of(target, notes.of_step[i]);
    }
    products_.multiply(count, run_.weights.recurrent_kernel(gates.begin, gates.end),
                       {.panels = h_panels_, .adds = adds, .backward = s % 2 != 0});
  }

  const GradientArguments& run_;
  const RecurrenceSpec& spec_;
  const GradientShape& shape_;
  const Schedule& schedule_;
  const Range panels_;    ///< this part's panels of units
  const Range h_panels_;  ///< and of h
  const GradientScratch scratch_;
  const std::span<const std::int32_t> rows_;
  const RowGradients row_gradients_;
  KeptRows kept_;
  const GradientChunks chunks_;
  const Rerun rerun_;
  const GradientGates gates_;
  const WeightSums sums_;
  const VariantSums variant_sums_;
  const StepProducts products_;
  const ProjectionGradient projection_;
};

}  // namespace

void run_gradient_worker(const GradientArguments& arguments) { GradientWorker(arguments).run(); }

}  // namespace rondo::fused
