#include "cuda/common/kept_rows.h"

#include <cstddef>

namespace rondo {

KeptRows kept_rows(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  const ReserveLayout layout = reserve_layout(spec, buffers.x.packed_rows);
  auto* const base = static_cast<std::byte*>(buffers.reserve);
  return {.gates = layout.gates == 0 ? nullptr : base + layout.gates_offset,
          .h = base + layout.h_offset,
          .c = layout.c == 0 ? nullptr : base + layout.c_offset,
          .x = buffers.x.strides,
          .narrows = layout.dtype == DType::f16};
}

}  // namespace rondo
