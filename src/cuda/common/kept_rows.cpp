#include "cuda/common/kept_rows.h"

#include <algorithm>
#include <cstddef>

namespace rondo {
namespace {

KeptRows rows_at(const ReserveLayout& layout, const TimeBatchStrides& x, void* memory) {
  auto* const base = static_cast<std::byte*>(memory);
  return {.gates = layout.gates == 0 ? nullptr : base + layout.gates_offset,
          .h = base + layout.h_offset,
          .c = layout.c == 0 ? nullptr : base + layout.c_offset,
          .x = x,
          .narrows = layout.dtype == DType::f16};
}

}  // namespace

KeptRows kept_rows(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  KeptRows kept = rows_at(reserve_layout(spec, buffers.x.packed_rows), buffers.x.strides, buffers.reserve);
  kept.last_step = spec.T;
  return kept;
}

KeptRows kept_chunk(const RecurrenceSpec& spec, const TimeBatchStrides& x, void* memory, std::int64_t chunk) {
  const ReserveLayout layout = reserve_layout(spec, 0);
  KeptRows kept = rows_at(layout, x, memory);
  kept.first_step = chunk * layout.chunk_steps;
  kept.last_step = std::min(kept.first_step + layout.chunk_steps, spec.T);
  kept.is_chunk = true;
  return kept;
}

}  // namespace rondo
