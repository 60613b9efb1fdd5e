/// Copies of many matrices by one kernel, from memory without gaps to places with any strides: how gradients come from
/// cuDNN's order of weights to Keras's, which has cuDNN's matrices transposed.
#pragma once

#include <cstdint>
#include <span>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

struct PlacedMatrix {
  const void* source = nullptr;  ///< (rows, columns) without gaps
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  void* target = nullptr;
  std::int64_t row_stride = 0;     ///< of the target, in elements
  std::int64_t column_stride = 0;  ///< likewise
};

/// What happens to all elements of all matrices of one call.
struct Placement {
  DType source = DType::f32;
  DType target = DType::f32;  ///< that of the source, or f32 where the source has 16 bits
  bool accumulate = false;    ///< adds to what is there: in f32, and in f64 where the source has it
};

/// Queues the copies. No two targets share memory.
void place_matrices(std::span<const PlacedMatrix> matrices, const Placement& placement, Stream stream);

}  // namespace rondo
