#include "cpu/fused/scratch.h"

#include <algorithm>

#include "cpu/fused/keeper.h"
#include "cpu/fused/variant_weights.h"
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

/// The sizes of a chunk of steps of a group of rows.
struct Chunk {
  std::int64_t rows;
  std::int64_t steps;     ///< the most, of rows that are rarely live
  std::int64_t capacity;  ///< live rows of all steps
};

using ChunkOf = Chunk (*)(const RecurrenceSpec& spec, std::int64_t rows);

Chunk chunk_of(const RecurrenceSpec& spec, std::int64_t rows) {
  return {rows, chunk_steps(spec, 1), rows * chunk_steps(spec, rows)};
}

/// No smaller than the chunk of fewer rows or steps. It grows with the rows, which the chunks themselves do not.
Chunk largest_chunk(const RecurrenceSpec& spec, std::int64_t rows) {
  return {rows, chunk_steps(spec, 1), most_chunk_rows(spec, rows)};
}

Notes cut_notes(WorkspaceCutter& cutter, const RecurrenceSpec& spec, const PanelFormat& format, const Chunk& chunk) {
  Notes notes;
  const std::int64_t P = output_units(spec.cell);
  const std::int64_t inputs = format.takes(spec.dtype, spec.I) ? 0 : format.operand_rows(chunk.capacity);
  const std::int64_t states = format.takes(DType::f32, P) ? 0 : format.operand_rows(chunk.rows);
  notes.converted = cutter.take<float>(inputs * format.operand_stride(spec.I));
  notes.inputs = cutter.take<const float*>(chunk.capacity);
  notes.operands = cutter.take<const float*>(chunk.rows);
  notes.pairs = cutter.take<float>(states * format.operand_stride(P));
  notes.row_states = cutter.take<RowStates>(chunk.rows);
  notes.projected = cutter.take<float*>(spec.cell.projection_units ? chunk.rows : 0);
  notes.live_rows = cutter.take<std::int32_t>(chunk.capacity);
  notes.counts = cutter.take<std::int32_t>(chunk.steps);
  notes.current = cutter.take<std::uint8_t>(spec.B);
  notes.was_live = cutter.take<bool>(spec.B);
  notes.shares = {cutter.take<std::int32_t>(spec.B), cutter.take<std::int32_t>(spec.B)};
  return notes;
}

Cut cut(void* workspace, const RecurrenceSpec& spec, const PanelFormat& format, const Partition& partition, int index,
        ChunkOf chunk_of_rows = chunk_of) {
  const int lanes = format.lanes;
  WorkspaceCutter cutter(workspace);
  Scratch scratch{};
  scratch.states.stride =
      std::max(padded_units(spec.cell, lanes), ProjectionShape(spec.cell, lanes).padded()) + kPadding;
  const std::int64_t floats = spec.B * scratch.states.stride;
  for (float*& h : scratch.states.h) h = cutter.take<float>(floats);
  scratch.states.c = cutter.take<float>(floats);
  scratch.states.reset_h = cutter.take<float>(floats);
  scratch.states.piece_h = cutter.take<float>(spec.has_resets ? floats : 0);
  scratch.states.unprojected = cutter.take<float>(spec.cell.projection_units ? floats : 0);
  for (int group = 0; group < partition.row_groups; ++group) {
    const std::int64_t rows = most_rows(spec, partition);
    const Chunk chunk = chunk_of_rows(spec, rows);
    float* input[2] = {};
    std::size_t pass_index = 0;
    for (const Pass& pass : passes_of(spec.cell)) {
      input[pass_index++] =
          cutter.take<float>(pass.panels(spec.cell.units, lanes) * pass.panel_floats(lanes) * chunk.capacity);
    }
    float* kept[2] = {};
    for (float*& gates : kept) gates = cutter.take<float>(rows * Keeper::gates_scratch(spec));
    for (int part = group * partition.unit_groups; part < (group + 1) * partition.unit_groups; ++part) {
      const Notes notes = cut_notes(cutter, spec, format, chunk);
      if (part != index) continue;
      std::copy_n(input, 2, scratch.input);
      std::copy_n(kept, 2, scratch.kept);
      scratch.notes = notes;
      scratch.steps = chunk.steps;
      scratch.capacity = chunk.capacity;
    }
  }
  return {scratch, cutter.used()};
}

}  // namespace

Scratch cut_scratch(void* workspace, const RecurrenceSpec& spec, const PanelFormat& format, const Partition& partition,
                    int index) {
  return cut(workspace, spec, format, partition, index).scratch;
}

std::size_t scratch_bytes(const RecurrenceSpec& spec, const PanelFormat& format, int threads) {
  std::size_t bytes = 0;
  if (spec.state_rows == 0) {
    for (int count = 1; count <= threads; ++count) {
      bytes = std::max(bytes, cut(nullptr, spec, format, partition(spec, count), 0).bytes);
    }
    return bytes;
  }
  // A run of fewer rows has one of these partitions, or one of fewer threads, and no larger groups of rows.
  for (int groups = 1; groups <= threads; ++groups) {
    const Partition widest = widest_partition(spec, groups, threads);
    bytes = std::max(bytes, cut(nullptr, spec, format, widest, 0, largest_chunk).bytes);
  }
  return bytes;
}

}  // namespace rondo::fused
