#include "recurrence/reserve.h"

#include "recurrence/dispatch_cell.h"
#include "rondo/tensor/allocator.h"

namespace rondo {

int kept_count(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return Formula::kKept; });
}

DType reserve_dtype(const RecurrenceSpec& spec) {
  const bool bounded = is_bounded(spec.cell.activation) && is_bounded(spec.cell.recurrent_activation);
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

  layout.bytes = kReserveTagBytes;
  const auto take = [&](std::int64_t width) {
    const std::size_t offset = layout.bytes;
    const std::size_t bytes = static_cast<std::size_t>(layout.rows * width) * size_of(layout.dtype);
    layout.bytes += (bytes + Allocator::kAlignment - 1) / Allocator::kAlignment * Allocator::kAlignment;
    return offset;
  };
  layout.gates_offset = take(layout.gates);
  layout.h_offset = take(layout.h);
  layout.c_offset = take(layout.c);
  return layout;
}

}  // namespace rondo
