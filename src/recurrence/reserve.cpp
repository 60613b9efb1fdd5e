#include "recurrence/reserve.h"

#include <algorithm>

#include "recurrence/dispatch_cell.h"
#include "rondo/tensor/allocator.h"
#include "vocabulary/activations/activate.h"

namespace rondo {
namespace {

// The copy of a chunk of this size takes many times as long as it takes to start one.
constexpr std::int64_t kChunkBytes = std::int64_t{4} << 20;
// Two chunks are on the device: a quarter of what a run keeps.
constexpr std::int64_t kFewestChunks = 8;

/// Lays out `layout.rows` rows behind `begin` bytes.
void lay_out_rows(ReserveLayout& layout, std::size_t begin) {
  layout.bytes = begin;
  const auto take = [&](std::int64_t width) {
    const std::size_t offset = layout.bytes;
    const std::size_t bytes = static_cast<std::size_t>(layout.rows * width) * size_of(layout.dtype);
    layout.bytes += (bytes + Allocator::kAlignment - 1) / Allocator::kAlignment * Allocator::kAlignment;
    return offset;
  };
  layout.gates_offset = take(layout.gates);
  layout.h_offset = take(layout.h);
  layout.c_offset = take(layout.c);
}

/// Lays out the chunks of a reserve that is swapped.
void lay_out_chunks(ReserveLayout& layout, const RecurrenceSpec& spec) {
  const std::int64_t width = layout.gates + layout.h + layout.c;
  const auto step_bytes = spec.B * width * static_cast<std::int64_t>(size_of(layout.dtype));
  const std::int64_t of_bytes = step_bytes == 0 ? spec.T : (kChunkBytes + step_bytes - 1) / step_bytes;
  const std::int64_t of_steps = (spec.T + kFewestChunks - 1) / kFewestChunks;
  layout.chunk_steps = std::max<std::int64_t>(1, std::min(of_bytes, of_steps));
  layout.chunks = (spec.T + layout.chunk_steps - 1) / layout.chunk_steps;
  layout.rows = layout.chunk_steps * spec.B;
  lay_out_rows(layout, 0);
  layout.chunk_bytes = layout.bytes;
  layout.bytes = kReserveTagBytes + static_cast<std::size_t>(layout.chunks) * layout.chunk_bytes;
}

}  // namespace

bool swaps_reserve(const RecurrenceSpec& spec) {
  return spec.swap_memory && spec.keep != Keep::nothing && spec.device.type == DeviceType::cuda;
}

int kept_count(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return Formula::kKept; });
}

DType reserve_dtype(const RecurrenceSpec& spec) {
  const bool bounded = keeps_bounded(spec.cell.activation) && keeps_bounded(spec.cell.recurrent_activation);
  return spec.dtype == DType::bf16 && bounded ? DType::f16 : spec.dtype;
}

ReserveLayout reserve_layout(const RecurrenceSpec& spec, std::int64_t packed_rows) {
  ReserveLayout layout;
  layout.rows = spec.packed ? packed_rows : spec.T * spec.B;
  if (spec.segment > 0) layout.rows = (spec.T + spec.segment - 1) / spec.segment * spec.B;
  layout.dtype = reserve_dtype(spec);
  if (spec.keep == Keep::gates) layout.gates = kept_count(spec.cell) * spec.cell.units;
  layout.h = output_units(spec.cell);
  if (state_count(spec.cell.kind) == 2) layout.c = spec.cell.units;

  if (swaps_reserve(spec)) {
    lay_out_chunks(layout, spec);
  } else {
    lay_out_rows(layout, kReserveTagBytes);
  }
  return layout;
}

}  // namespace rondo
