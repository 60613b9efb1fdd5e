#include "cpu/fused/part.h"

#include <algorithm>
#include <cstring>

#include "cpu/fused/plain_gates.h"
#include "rondo/dtype.h"

namespace rondo::fused {
namespace {

// What the caches of a core hold at least where cores are fast.
constexpr std::int64_t kCoreCache = std::int64_t{1} << 20;

/// A group of rows through time, for some of the units: chunk by chunk, the inputs of a chunk first, and then its
/// steps. Only rows that are live are multiplied: whichever they are, because a tile of rows is a list of pointers.
class Part {
 public:
  explicit Part(const PartOfRun& run)
      : run_(run),
        spec_(run.spec),
        schedule_(run.buffers.schedule),
        rows_(Range::part(spec_.B, run.index / run.partition.unit_groups, run.partition.row_groups)),
        passes_(passes_of(spec_.cell)),
        lanes_(run.kernels.lanes),
        scratch_(cut_scratch(run.workspace, spec_, lanes_, run.partition, run.index)),
        gates_(spec_.cell, run.kernels) {
    const Pass& last = passes_.back();
    const Range panels = own_panels(last);
    const std::int64_t H = spec_.cell.units;
    units_ = {std::min(H, panels.begin * last.panel_units(lanes_)), std::min(H, panels.end * last.panel_units(lanes_))};
    for (std::size_t i = 0; i < passes_.size(); ++i)
      products_[i] = run.kernels.product(spec_.dtype, passes_[i].vectors());
  }

  void run() {
    load_initial_states();
    for (std::int64_t first = 0; first < spec_.T; first += scratch_.steps) {
      const std::int64_t steps = std::min(scratch_.steps, spec_.T - first);
      const std::int64_t live = find_live_rows(first, steps);
      for (std::size_t i = 0; i < passes_.size(); ++i) project_inputs(i, live);
      std::int64_t offset = 0;
      for (std::int64_t s = 0; s < steps; ++s) {
        const std::int64_t count = scratch_.notes.counts[s];
        advance(first + s, offset, count);
        offset += count;
      }
    }
    store_results();
  }

 private:
  Range own_panels(const Pass& pass) const {
    return Range::part(pass.panels(spec_.cell.units, lanes_), run_.index % run_.partition.unit_groups,
                       run_.partition.unit_groups);
  }

  float* row_of(float* states, std::int64_t b) const { return states + b * scratch_.states.stride; }
  float* h_of(std::int64_t b) const { return row_of(scratch_.states.h[scratch_.notes.current[b - rows_.begin]], b); }

  /// Notes which rows are live in each step of a chunk, and where their inputs are. Returns how many there are in all.
  std::int64_t find_live_rows(std::int64_t first, std::int64_t steps) {
    const Notes& notes = scratch_.notes;
    std::int64_t live = 0;
    for (std::int64_t s = first; s < first + steps; ++s) {
      const std::int64_t before = live;
      for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
        if (!schedule_.live(s, b)) continue;
        notes.live_rows[live] = static_cast<std::int32_t>(b);
        notes.inputs[live] = input_row(s, b, live);
        ++live;
      }
      notes.counts[s - first] = static_cast<std::int32_t>(live - before);
    }
    return live;
  }

  const float* input_row(std::int64_t s, std::int64_t b, std::int64_t live) {
    const std::int64_t offset = run_.buffers.x.strides.offset(schedule_.read_time(s, b), b);
    const auto* x = static_cast<const std::byte*>(run_.buffers.x.data) + offset * element_bytes_;
    if (spec_.dtype == DType::f32) return reinterpret_cast<const float*>(x);
    float* converted = scratch_.notes.converted + live * spec_.I;
    run_.kernels.load_row(spec_.dtype, x, spec_.I, converted);
    return converted;
  }

  /// Calls `use(first row, rows)` for tiles of rows that differ by at most one, so that none is left with a few.
  template <typename Use>
  void for_each_tile(std::int64_t rows, int most, Use&& use) const {
    const auto tiles = static_cast<int>((rows + most - 1) / most);
    for (int tile = 0; tile < tiles; ++tile) {
      const Range range = Range::part(rows, tile, tiles);
      use(range.begin, static_cast<int>(range.size()));
    }
  }

  /// Calls `use(first panel, panels)` for this part's panels, which are taken one by one but for very few rows.
  /// Backward in every other step: the panels that were read last are still in the cache.
  template <typename Use>
  void for_each_group(const Range& panels, int at_once, bool backward, Use&& use) const {
    const std::int64_t full = panels.size() / at_once;
    const std::int64_t groups = full + panels.size() % at_once;
    for (std::int64_t i = 0; i < groups; ++i) {
      const std::int64_t group = backward ? groups - 1 - i : i;
      if (group < full) {
        use(panels.begin + group * at_once, at_once);
      } else {
        use(panels.begin + full * at_once + (group - full), 1);
      }
    }
  }

  /// x W + b of all live rows of the chunk, for this part's panels of a pass.
  void project_inputs(std::size_t index, std::int64_t live) {
    const Pass& pass = passes_[index];
    const PassWeights& weights = run_.weights.pass(index);
    const std::int64_t width = pass.panel_floats(lanes_);
    const std::int64_t panel_stride = width * spec_.I;
    for_each_group(own_panels(pass), at_once(index, live), false, [&](std::int64_t panel, int panels) {
      for_each_tile(live, products_[index].most_rows, [&](std::int64_t first, int rows) {
        products_[index].multiply({.rows = scratch_.notes.inputs + first,
                                   .row_count = rows,
                                   .K = spec_.I,
                                   .panels = weights.kernel + panel * panel_stride * element_bytes_,
                                   .panel_stride = panel_stride,
                                   .panel_count = panels,
                                   .prefetch = run_.weights.bytes() > kCoreCache,
                                   .start = weights.bias + panel * width,
                                   .sums = scratch_.input[index] + (panel * scratch_.capacity + first) * width,
                                   .sums_stride = scratch_.capacity * width});
      });
    });
  }

  /// Panels at a time, for so many rows.
  int at_once(std::size_t index, std::int64_t rows) const {
    return products_[index].panels_at_once(static_cast<int>(std::min<std::int64_t>(rows, kMostRows)));
  }

  /// Processing step s, whose live rows stand at `offset` in the chunk's notes.
  void advance(std::int64_t s, std::int64_t offset, std::int64_t count) {
    const Notes& notes = scratch_.notes;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t b = notes.live_rows[offset + i];
      std::uint8_t& current = notes.current[b - rows_.begin];
      notes.row_states[i] = {.input = nullptr,
                             .h = h_of(b),
                             .next_h = row_of(scratch_.states.h[1 - current], b),
                             .c = row_of(scratch_.states.c, b),
                             .reset_h = row_of(scratch_.states.reset_h, b)};
      current = static_cast<std::uint8_t>(1 - current);
      notes.was_live[b - rows_.begin] = true;
    }
    for (std::size_t index = 0; index < passes_.size(); ++index) {
      const std::int64_t width = passes_[index].panel_floats(lanes_);
      for (std::int64_t i = 0; i < count; ++i) {
        notes.row_states[i].input = scratch_.input[index] + (offset + i) * width;
        notes.operands[i] = index == 0 ? notes.row_states[i].h : notes.row_states[i].reset_h;
      }
      run_pass(index, count, s % 2 != 0);
      run_.barrier.arrive_and_wait(run_.partition.unit_groups);
    }
    if (run_.buffers.y.data != nullptr) {
      for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
        emit(s, b, run_.buffers.y.data, run_.buffers.y.strides.offset(schedule_.write_time(s, b), b));
      }
    }
  }

  /// One product of a step, and its gates.
  void run_pass(std::size_t index, std::int64_t count, bool backward) {
    const Pass& pass = passes_[index];
    const PassWeights& weights = run_.weights.pass(index);
    const std::int64_t width = pass.panel_floats(lanes_);
    const std::int64_t panel_stride = width * spec_.cell.units;
    alignas(64) float sums[kMostSums];
    for_each_group(own_panels(pass), at_once(index, count), backward, [&](std::int64_t panel, int panels) {
      for_each_tile(count, products_[index].most_rows, [&](std::int64_t first, int rows) {
        products_[index].multiply({.rows = scratch_.notes.operands + first,
                                   .row_count = rows,
                                   .K = spec_.cell.units,
                                   .panels = weights.recurrent_kernel + panel * panel_stride * element_bytes_,
                                   .panel_stride = panel_stride,
                                   .panel_count = panels,
                                   .prefetch = run_.weights.bytes() > kCoreCache,
                                   .start = nullptr,
                                   .sums = sums,
                                   .sums_stride = rows * width});
        for (std::int64_t p = panel; p < panel + panels; ++p) {
          gates_.apply(index, {.rows = scratch_.notes.row_states + first,
                               .row_count = rows,
                               .sums = sums + (p - panel) * rows * width,
                               .input_offset = p * scratch_.capacity * width,
                               .first_unit = p * pass.panel_units(lanes_),
                               .recurrent_bias =
                                   weights.recurrent_bias == nullptr ? nullptr : weights.recurrent_bias + p * width});
        }
      });
    });
  }

  /// What row b emits at processing step s, after its states were advanced, to `target + offset`. The output of every
  /// cell is its h, and h does not change while a row is dead: so the previous output is h, or zeros if the row has
  /// never been live.
  void emit(std::int64_t s, std::int64_t b, void* target, std::int64_t offset) const {
    const bool zeros = spec_.dead_output == DeadOutput::incoming_state ? false
                       : spec_.dead_output == DeadOutput::zeros        ? !schedule_.live(s, b)
                                                                       : !scratch_.notes.was_live[b - rows_.begin];
    if (zeros) {
      std::memset(element(target, offset + units_.begin), 0, static_cast<std::size_t>(units_.size() * element_bytes_));
    } else {
      store(h_of(b), target, offset);
    }
  }

  std::byte* element(void* data, std::int64_t index) const {
    return static_cast<std::byte*>(data) + index * element_bytes_;
  }

  /// This part's units of a row, from the states to memory of the spec's dtype.
  void store(const float* states, void* target, std::int64_t offset) const {
    run_.kernels.store_row(states + units_.begin, units_.size(), spec_.dtype, element(target, offset + units_.begin));
  }

  void load(const BatchBuffer& initial, std::int64_t b, float* states) const {
    if (initial.data == nullptr) {
      std::fill(states + units_.begin, states + units_.end, 0.0F);
    } else {
      run_.kernels.load_row(spec_.dtype, element(initial.data, b * initial.stride + units_.begin), units_.size(),
                            states + units_.begin);
    }
  }

  /// One part of the group also makes zeros of the units beyond H, which are computed with.
  void load_initial_states() {
    const bool has_c = spec_.cell.kind == CellKind::lstm;
    const bool pads = run_.index % run_.partition.unit_groups == 0;
    for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
      scratch_.notes.current[b - rows_.begin] = 0;
      scratch_.notes.was_live[b - rows_.begin] = false;
      float* const rows[] = {row_of(scratch_.states.h[0], b), row_of(scratch_.states.c, b)};
      if (pads) {
        for (float* row : rows) std::fill(row + spec_.cell.units, row + scratch_.states.stride, 0.0F);
      }
      load(run_.buffers.initial_state[0], b, rows[0]);
      if (has_c) load(run_.buffers.initial_state[1], b, rows[1]);
    }
    run_.barrier.arrive_and_wait(run_.partition.unit_groups);
  }

  void store_results() const {
    const BatchBuffer& last = run_.buffers.last_output;
    const auto& final_state = run_.buffers.final_state;
    for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
      // Without a step nothing was emitted, and no row was live: whatever the rule, zeros.
      if (last.data != nullptr && spec_.T > 0) emit(spec_.T - 1, b, last.data, b * last.stride);
      if (last.data != nullptr && spec_.T == 0) {
        std::memset(element(last.data, b * last.stride + units_.begin), 0,
                    static_cast<std::size_t>(units_.size() * element_bytes_));
      }
      if (final_state[0].data != nullptr) store(h_of(b), final_state[0].data, b * final_state[0].stride);
      if (final_state[1].data != nullptr) {
        store(row_of(scratch_.states.c, b), final_state[1].data, b * final_state[1].stride);
      }
    }
  }

  const PartOfRun& run_;
  const RecurrenceSpec& spec_;
  const Schedule& schedule_;
  const Range rows_;
  const std::span<const Pass> passes_;
  const int lanes_;
  const Scratch scratch_;
  const Gates gates_;
  const std::int64_t element_bytes_ = static_cast<std::int64_t>(size_of(spec_.dtype));
  Range units_{};
  ProductKernel products_[2]{};
};

}  // namespace

void run_part(const PartOfRun& part) { Part(part).run(); }

}  // namespace rondo::fused
