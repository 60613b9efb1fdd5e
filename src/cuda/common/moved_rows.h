/// Copies of rows to other places, on a device.
#pragma once

#include <cstdint>

#include "rondo/vocabulary/device.h"

namespace rondo {

/// Rows of equal width. Row from[r] of the source goes to row to[r] of the target, for r in 0 .. rows - 1; no two go to
/// the same. `from` and `to` are in the device's memory; null: row r.
struct MovedRows {
  const void* source = nullptr;
  std::int64_t source_stride = 0;  ///< bytes
  const std::int64_t* from = nullptr;
  void* target = nullptr;
  std::int64_t target_stride = 0;  ///< bytes
  const std::int64_t* to = nullptr;
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  std::int64_t element_bytes = 0;  ///< 2, or a multiple of 4; divides all bytes above
};

/// Queues one launch on `stream`.
void cuda_move_rows(const MovedRows& moved, Stream stream);

}  // namespace rondo
