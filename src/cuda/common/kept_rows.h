/// Where the reserve of a run is, as kernels take it.
#pragma once

#include "recurrence/buffers.h"
#include "recurrence/reserve.h"

namespace rondo {

/// The parts of a reserve, which recurrence/reserve.h lays out. Elements have the spec's dtype, or f16 in place of
/// bf16.
struct KeptRows {
  void* gates = nullptr;    ///< (rows, kKept, H); null: gates are not kept
  void* h = nullptr;        ///< (rows, H), or (rows, P) where h is projected
  void* c = nullptr;        ///< (rows, H); null for a cell without it
  TimeBatchStrides x = {};  ///< of x, whose rows the reserve has; read only where x is packed
  bool narrows = false;     ///< whether elements have f16, whose range is less than that of sums
};

/// The reserve of a run of `spec`, which keeps something.
KeptRows kept_rows(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

}  // namespace rondo
