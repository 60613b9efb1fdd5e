#include "serving/row_moves.h"

#include <cstring>

#include "cuda/common/moved_rows.h"

namespace rondo {
namespace {

std::int64_t row_stride(const Tensor& tensor) {
  return tensor.stride(0) * static_cast<std::int64_t>(size_of(tensor.dtype()));
}

void move_on_host(const MovedRows& moved) {
  for (std::int64_t r = 0; r < moved.rows; ++r) {
    const std::int64_t from = moved.from == nullptr ? r : moved.from[r];
    const std::int64_t to = moved.to == nullptr ? r : moved.to[r];
    std::memcpy(static_cast<std::byte*>(moved.target) + to * moved.target_stride,
                static_cast<const std::byte*>(moved.source) + from * moved.source_stride,
                static_cast<std::size_t>(moved.row_bytes));
  }
}

}  // namespace

void move_rows(const RowMove& move, Stream stream) {
  const auto element = static_cast<std::int64_t>(size_of(move.source.dtype()));
  const MovedRows moved{.source = move.source.data(),
                        .source_stride = row_stride(move.source),
                        .from = move.from,
                        .target = move.target.data(),
                        .target_stride = row_stride(move.target),
                        .to = move.to,
                        .rows = move.rows,
                        .row_bytes = move.source.size(1) * element,
                        .element_bytes = element};
  if (move.source.device() == cpu()) return move_on_host(moved);
  cuda_move_rows(moved, stream);
}

}  // namespace rondo
