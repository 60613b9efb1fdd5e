#include "cpu/fused/scratch.h"

#include <algorithm>

#include "cpu/fused/keeper.h"
#include "recurrence/workspace.h"

namespace rondo::fused {
namespace {

// One cache line more than the units need: rows whose distance is a power of two share few sets of the first-level
// cache.
constexpr std::int64_t kPadding = 16;

struct Cut {
  Scratch scratch;
  std::size_t bytes;
};

Notes cut_notes(WorkspaceCutter& cutter, const RecurrenceSpec& spec, std::int64_t rows, std::int64_t steps) {
  const std::int64_t capacity = rows * steps;
  Notes notes;
  notes.converted = cutter.take<float>(spec.dtype == DType::f32 ? 0 : capacity * spec.I);
  notes.inputs = cutter.take<const float*>(capacity);
  notes.operands = cutter.take<const float*>(rows);
  notes.row_states = cutter.take<RowStates>(rows);
  notes.live_rows = cutter.take<std::int32_t>(capacity);
  notes.counts = cutter.take<std::int32_t>(steps);
  notes.current = cutter.take<std::uint8_t>(rows);
  notes.was_live = cutter.take<bool>(rows);
  return notes;
}

Cut cut(void* workspace, const RecurrenceSpec& spec, int lanes, const Partition& partition, int index) {
  WorkspaceCutter cutter(workspace);
  Scratch scratch{};
  scratch.states.stride = padded_units(spec.cell, lanes) + kPadding;
  const std::int64_t floats = spec.B * scratch.states.stride;
  for (float*& h : scratch.states.h) h = cutter.take<float>(floats);
  scratch.states.c = cutter.take<float>(floats);
  scratch.states.reset_h = cutter.take<float>(floats);
  scratch.states.piece_h = cutter.take<float>(spec.has_resets ? floats : 0);
  for (int group = 0; group < partition.row_groups; ++group) {
    const std::int64_t rows = Range::part(spec.B, group, partition.row_groups).size();
    const std::int64_t steps = chunk_steps(spec, rows);
    float* input[2] = {};
    std::size_t pass_index = 0;
    for (const Pass& pass : passes_of(spec.cell)) {
      input[pass_index++] =
          cutter.take<float>(pass.panels(spec.cell.units, lanes) * pass.panel_floats(lanes) * rows * steps);
    }
    float* kept[2] = {};
    for (float*& gates : kept) gates = cutter.take<float>(rows * Keeper::gates_scratch(spec));
    for (int part = group * partition.unit_groups; part < (group + 1) * partition.unit_groups; ++part) {
      const Notes notes = cut_notes(cutter, spec, rows, steps);
      if (part != index) continue;
      std::copy_n(input, 2, scratch.input);
      std::copy_n(kept, 2, scratch.kept);
      scratch.notes = notes;
      scratch.steps = steps;
      scratch.capacity = rows * steps;
    }
  }
  return {scratch, cutter.used()};
}

}  // namespace

Scratch cut_scratch(void* workspace, const RecurrenceSpec& spec, int lanes, const Partition& partition, int index) {
  return cut(workspace, spec, lanes, partition, index).scratch;
}

std::size_t scratch_bytes(const RecurrenceSpec& spec, int lanes, int threads) {
  std::size_t bytes = 0;
  RecurrenceSpec run = spec;
  // Fewer rows may have more steps in a chunk. Fewer steps need no more memory.
  std::int64_t rows = spec.state_rows > 0 ? std::min<std::int64_t>(spec.B, 1) : spec.B;
  for (; rows <= spec.B; ++rows) {
    run.B = rows;
    for (int count = 1; count <= threads; ++count) {
      bytes = std::max(bytes, cut(nullptr, run, lanes, partition(run, count), 0).bytes);
    }
  }
  return bytes;
}

}  // namespace rondo::fused
