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
  /// The processing steps that the rows are of: all of them, in the order of x, or those of a chunk, step after step.
  std::int64_t first_step = 0;
  std::int64_t last_step = 0;  ///< behind the last one
  bool is_chunk = false;

  RONDO_HOST_DEVICE std::int64_t rows(std::int64_t B) const { return (last_step - first_step) * B; }
  /// The row of the step s of batch row b, which in the order of x is `row_of_x`.
  RONDO_HOST_DEVICE std::int64_t row(std::int64_t B, std::int64_t s, std::int64_t b, std::int64_t row_of_x) const {
    return is_chunk ? (s - first_step) * B + b : row_of_x;
  }
};

/// The reserve of a run of `spec`, which keeps something and does not swap it.
KeptRows kept_rows(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

/// The chunk `chunk` of a reserve that is swapped, which is at `memory` on the device.
KeptRows kept_chunk(const RecurrenceSpec& spec, const TimeBatchStrides& x, void* memory, std::int64_t chunk);

}  // namespace rondo
