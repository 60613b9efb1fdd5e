/// How a device reads the sizes of a packed batch.
#pragma once

#include <cstdint>

#include "rondo/vocabulary/device.h"

namespace rondo {

/// Numbers of 32 or 64 bits in the memory of a device. Null: absent.
struct DeviceIntegers {
  const void* data = nullptr;
  bool wide = false;  ///< of 64 bits
};

/// A packed batch, and where executors look for its rows.
struct PackedBatch {
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t N = 0;                   ///< rows of x
  std::int64_t state_rows = 0;          ///< rows of the states
  DeviceIntegers sizes = {};            ///< [T]: rows of each step
  DeviceIntegers indices = {};          ///< [B]: the row of the states that row b has
  std::int32_t* first_rows = nullptr;   ///< [T + 1], written: where the rows of each step begin, and how many there are
  std::int32_t* lengths = nullptr;      ///< [B], written
  std::int32_t* row_indices = nullptr;  ///< [B], written where there are indices
  std::uint32_t* flags = nullptr;       ///< RecurrenceBuffers::flags: gets kPackedOutOfRange
};

/// Queues one launch on `stream`. Sizes are taken as at most B, as at most the size before, and so that all rows are
/// within N; indices as 0 to state_rows - 1.
void cuda_packed_rows(const PackedBatch& batch, Stream stream);

}  // namespace rondo
