#include "cuda/common/kept_rows.h"

#include <algorithm>
#include <cstddef>

#include "cuda/common/kept_segments.h"

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

/// The layout of a segment's steps.
ReserveLayout layout_of_segment(RecurrenceSpec spec) {
  spec.keep = Keep::gates;
  spec.T = std::min(spec.segment, spec.T);
  spec.segment = 0;
  spec.packed = false;
  return reserve_layout(spec, 0);
}

}  // namespace

KeptRows kept_rows(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  KeptRows kept = rows_at(reserve_layout(spec, buffers.x.packed_rows), buffers.x.strides, buffers.reserve);
  kept.last_step = spec.T;
  return kept;
}

std::size_t segment_bytes(const RecurrenceSpec& spec) { return layout_of_segment(spec).bytes; }

KeptRows kept_segment(const RecurrenceSpec& spec, const TimeBatchStrides& x, void* memory, std::int64_t segment) {
  KeptRows kept = rows_at(layout_of_segment(spec), x, memory);
  kept.first_step = segment * spec.segment;
  kept.last_step = std::min(kept.first_step + spec.segment, spec.T);
  kept.is_chunk = true;
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
