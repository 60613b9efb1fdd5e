/// Copies of rows of tensors to other places.
#pragma once

#include <cstdint>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Row from[r] of `source` goes to row to[r] of `target`, for r in 0 .. rows - 1; no two go to the same. Both tensors
/// are (any, width) of one dtype and device, on which `from` and `to` are as well; null: row r. A stride of 0 repeats a
/// row.
struct RowMove {
  const Tensor& source;
  const std::int64_t* from;
  const Tensor& target;
  const std::int64_t* to;
  std::int64_t rows;
};

/// On a CUDA device the copies are queued on `stream`. Allocates nothing.
void move_rows(const RowMove& move, Stream stream);

}  // namespace rondo
