#include "cpu/fused/worker.h"

#include <algorithm>

#include "cpu/fused/keeper.h"
#include "cpu/fused/operands.h"
#include "cpu/fused/projection.h"
#include "cpu/fused/row_io.h"
#include "cpu/fused/scalar_gates.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {
namespace {

/// Runs a group of rows through time, for some of the units: for each chunk first the products of its inputs, and then
/// its steps. Only live rows are multiplied. Any rows may be live, because a tile of rows is a list of pointers.
class Worker {
 public:
  explicit Worker(const WorkerArguments& run)
      : run_(run),
        spec_(run.spec),
        schedule_(run.buffers.schedule),
        passes_(passes_of(spec_.cell)),
        lanes_(run.kernels.lanes),
        scratch_(cut_scratch(run.workspace, spec_, run.weights.format(), run.partition, run.index)),
        rows_(run.rows.empty() ? own_rows() : run.rows),
        operands_(run, scratch_),
        projection_(run, scratch_),
        row_io_(run, scratch_, rows_, own_units()),
        gates_(spec_.cell, run.kernels, spec_.keep == Keep::gates),
        keeper_(spec_, run.kernels, run.kept, own_units(), scratch_.kept) {
    for (std::size_t i = 0; i < passes_.size(); ++i) products_[i] = format_.product(run.kernels, passes_[i].vectors());
  }

  void run() {
    const TileScope tiles(format_.tiles(run_.kernels));
    row_io_.load_initial_states();
    run_.barrier.arrive_and_wait(run_.partition.unit_groups);
    for (std::int64_t first = run_.steps.first; first < run_.steps.last;) {
      const Chunk chunk = find_live_rows(first);
      for (std::size_t i = 0; i < passes_.size(); ++i) project_inputs(i, chunk.live);
      std::int64_t offset = 0;
      for (std::int64_t s = 0; s < chunk.steps; ++s) {
        const std::int64_t count = scratch_.notes.counts[s];
        advance(first + s, offset, count);
        offset += count;
      }
      first += chunk.steps;
    }
    row_io_.store_results();
  }

 private:
  PanelMatrix matrix(const Pass& pass, const std::byte* panels, std::int64_t K) const {
    return {panels, pass.panel_floats(lanes_) * format_.panel_lane_bytes(K), format_.rows(K)};
  }

  Range own_panels(const Pass& pass) const {
    return Range::part(pass.panels(spec_.cell.units, lanes_), run_.index % run_.partition.unit_groups,
                       run_.partition.unit_groups);
  }

  /// The units in this part's panels of the last pass, which computes h, unless h is projected.
  OwnUnits own_units() const {
    const Pass& last = passes_.back();
    const Range panels = own_panels(last);
    const std::int64_t H = spec_.cell.units;
    const Range units{std::min(H, panels.begin * last.panel_units(lanes_)),
                      std::min(H, panels.end * last.panel_units(lanes_))};
    return {.h = projection_.exists() ? projection_.features() : units, .gates = units};
  }

  std::span<const std::int32_t> own_rows() const {
    return rows_of_group(schedule_, {spec_.B, run_.index / run_.partition.unit_groups, run_.partition.row_groups},
                         scratch_.notes.shares);
  }

  struct Chunk {
    std::int64_t steps;
    std::int64_t live;  ///< live rows, summed over the steps
  };

  /// Begins a chunk at step `first`, of as many steps as have room for their live rows. Notes which rows are live in
  /// each of its steps, and where their inputs are.
  Chunk find_live_rows(std::int64_t first) {
    const Notes& notes = scratch_.notes;
    const std::int64_t most = std::min(scratch_.steps, run_.steps.last - first);
    std::int64_t live = 0;
    for (std::int64_t step = 0; step < most; ++step) {
      const std::int64_t s = first + step;
      const std::int64_t before = live;
      for (const std::int32_t b : rows_) {
        if (!schedule_.live(s, b)) continue;
        if (live == scratch_.capacity) return {step, before};
        notes.live_rows[live] = b;
        notes.inputs[live] = operands_.input(s, b, live);
        ++live;
      }
      notes.counts[step] = static_cast<std::int32_t>(live - before);
    }
    return {most, live};
  }

  /// Computes x W + b of all live rows of the chunk, for this part's panels of a pass.
  void project_inputs(std::size_t index, std::int64_t live) {
    const Pass& pass = passes_[index];
    const PanelMatrix kernel = matrix(pass, run_.weights.pass(index).kernel, spec_.I);
    const float* bias = run_.weights.pass(index).bias;
    const std::int64_t width = pass.panel_floats(lanes_);
    for_each_group(own_panels(pass), at_once(index, live), false, [&](const Group& group) {
      for_each_tile(live, products_[index], [&](const Tile& tile) {
        products_[index]({.rows = scratch_.notes.inputs + tile.first,
                          .row_count = tile.rows,
                          .K = kernel.K,
                          .panels = kernel.panel(group.first),
                          .panel_stride = kernel.panel_bytes / lane_bytes_,
                          .panel_count = group.panels,
                          .prefetch = prefetch_of(tile, group, kernel, run_.weights.bytes(), products_[index]),
                          .start = bias + group.first * width,
                          .sums = scratch_.input[index] + (group.first * scratch_.capacity + tile.first) * width,
                          .sums_stride = scratch_.capacity * width,
                          .row_stride = operands_.input_stride()});
      });
    });
  }

  /// The number of panels that a product of `rows` rows takes at a time.
  int at_once(std::size_t index, std::int64_t rows) const {
    return products_[index].panels_at_once(static_cast<int>(std::min<std::int64_t>(rows, kMostRows)));
  }

  /// Runs processing step s, whose `count` live rows begin at `offset` in the chunk's notes.
  void advance(std::int64_t s, std::int64_t offset, std::int64_t count) {
    const Notes& notes = scratch_.notes;
    if (spec_.segment > 0 && s % spec_.segment == 0) keep_states_of_segment(s / spec_.segment);
    row_io_.begin_pieces(s);
    bool h_is_zeros = true;
    for (std::int64_t i = 0; i < count; ++i) h_is_zeros = h_is_zeros && row_io_.h_is_zeros(notes.live_rows[offset + i]);
    for (std::int64_t i = 0; i < count; ++i) begin_step(s, notes.live_rows[offset + i], i);
    for (std::size_t index = 0; index < passes_.size(); ++index) {
      const std::int64_t width = passes_[index].panel_floats(lanes_);
      for (std::int64_t i = 0; i < count; ++i) {
        notes.row_states[i].input = scratch_.input[index] + (offset + i) * width;
        notes.operands[i] = operands_.state(i, index == 0 ? notes.row_states[i].h : notes.row_states[i].reset_h);
      }
      run_pass(index, count, {.backward = s % 2 != 0, .h_is_zeros = h_is_zeros});
      run_.barrier.arrive_and_wait(run_.partition.unit_groups);
    }
    if (projection_.exists()) {
      projection_.run(count, s % 2 != 0);
      run_.barrier.arrive_and_wait(run_.partition.unit_groups);
    }
    if (spec_.keep == Keep::gates) {
      for (std::int64_t i = 0; i < count; ++i) keeper_.finish(s, kept_row(s, notes.live_rows[offset + i]), i);
    }
    row_io_.emit(s);
  }

  /// Keeps what the gradients need of live row `i` of step s before its states change.
  void begin_step(std::int64_t s, std::int64_t b, std::int64_t i) {
    RowStates& states = scratch_.notes.row_states[i];
    states = row_io_.begin_step(b);
    if (projection_.exists()) {
      scratch_.notes.projected[i] = states.next_h;
      states.next_h = scratch_.states.unprojected + b * scratch_.states.stride;
    }
    if (spec_.keep == Keep::nothing || spec_.segment > 0) return;
    const std::int64_t row = kept_row(s, b);
    keeper_.keep_states(row, states.h, states.c);
    states.kept = keeper_.gates(s, row, i);
  }

  std::int64_t kept_row(std::int64_t s, std::int64_t b) const {
    return keeper_.steps().row(schedule_, run_.buffers.x.strides, s, b);
  }

  void keep_states_of_segment(std::int64_t segment) const {
    for (const std::int64_t b : rows_) {
      keeper_.keep_states(segment * spec_.B + b, row_io_.h_of(b), row_io_.c_of(b));
    }
  }

  struct Step {
    bool backward;    ///< the panels are taken from the last to the first
    bool h_is_zeros;  ///< h is zeros in all live rows, and so is the product of h
  };

  /// Runs one product of a step, and the gates after it.
  void run_pass(std::size_t index, std::int64_t count, const Step& step) {
    const Pass& pass = passes_[index];
    const PanelMatrix kernel = matrix(pass, run_.weights.pass(index).recurrent_kernel, output_units(spec_.cell));
    const float* recurrent_bias = run_.weights.pass(index).recurrent_bias;
    const std::int64_t width = pass.panel_floats(lanes_);
    alignas(64) float sums[kMostSums];
    if (step.h_is_zeros) std::ranges::fill(sums, 0.0F);
    for_each_group(own_panels(pass), at_once(index, count), step.backward, [&](const Group& group) {
      for_each_tile(count, products_[index], [&](const Tile& tile) {
        if (!step.h_is_zeros) {
          products_[index]({.rows = scratch_.notes.operands + tile.first,
                            .row_count = tile.rows,
                            .K = kernel.K,
                            .panels = kernel.panel(group.first),
                            .panel_stride = kernel.panel_bytes / lane_bytes_,
                            .panel_count = group.panels,
                            .prefetch = prefetch_of(tile, group, kernel, run_.weights.bytes(), products_[index]),
                            .start = nullptr,
                            .sums = sums,
                            .sums_stride = tile.rows * width,
                            .row_stride = operands_.state_stride()});
        }
        for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
          gates_.apply(index, {.rows = scratch_.notes.row_states + tile.first,
                               .row_count = tile.rows,
                               .sums = sums + (p - group.first) * tile.rows * width,
                               .input_offset = p * scratch_.capacity * width,
                               .first_unit = p * pass.panel_units(lanes_),
                               .recurrent_bias = recurrent_bias == nullptr ? nullptr : recurrent_bias + p * width,
                               .units = spec_.cell.units,
                               .variant = &run_.variant.lstm()});
        }
      });
    });
  }

  const WorkerArguments& run_;
  const RecurrenceSpec& spec_;
  const Schedule& schedule_;
  const std::span<const Pass> passes_;
  const int lanes_;
  const Scratch scratch_;
  const std::span<const std::int32_t> rows_;
  const Operands operands_;
  const Projection projection_;
  const RowIo row_io_;
  const Gates gates_;
  const Keeper keeper_;
  const PanelFormat& format_ = run_.weights.format();
  const std::int64_t lane_bytes_ = format_.lane_bytes();
  ProductKernel products_[2]{};
};

}  // namespace

void run_worker(const WorkerArguments& arguments) { Worker(arguments).run(); }

}  // namespace rondo::fused
