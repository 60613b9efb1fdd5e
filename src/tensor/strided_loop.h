/// The loop over the elements of several strided tensors of one shape. Copies, conversions and all elementwise
/// operations on the CPU use this loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rondo/vocabulary/shape.h"

namespace rondo {

/// Neighbouring axes that all operands read without a jump are merged: tensors without gaps become one long row.
template <std::size_t Operands>
struct LoopNest {
  Shape shape;
  std::array<Strides, Operands> strides;
};

template <std::size_t Operands>
LoopNest<Operands> merge_axes(const Shape& shape, const std::array<Strides, Operands>& strides) {
  LoopNest<Operands> nest;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const int last = nest.shape.rank() - 1;
    bool merges = last >= 0;
    for (std::size_t k = 0; merges && k < Operands; ++k) {
      merges = nest.strides[k][last] == strides[k][axis] * shape[axis];
    }
    if (merges) {
      nest.shape[last] *= shape[axis];
      for (std::size_t k = 0; k < Operands; ++k) nest.strides[k][last] = strides[k][axis];
    } else {
      nest.shape = nest.shape.insert(last + 1, shape[axis]);
      for (std::size_t k = 0; k < Operands; ++k) nest.strides[k] = nest.strides[k].insert(last + 1, strides[k][axis]);
    }
  }
  return nest;
}

/// Calls `row(count, offsets, steps)` for every innermost row: operand k's elements of that row are at
/// `offsets[k] + i * steps[k]`, i < count. Rows are visited in row-major order. A shape without elements has no rows.
template <std::size_t Operands, typename Row>
void strided_loop(const Shape& shape, const std::array<Strides, Operands>& strides, Row&& row) {
  if (shape.numel() == 0) return;
  const LoopNest<Operands> nest = merge_axes(shape, strides);
  const int inner = nest.shape.rank() - 1;
  std::array<std::int64_t, Operands> offsets{};
  std::array<std::int64_t, Operands> steps{};
  if (inner < 0) {
    row(std::int64_t{1}, offsets, steps);
    return;
  }
  for (std::size_t k = 0; k < Operands; ++k) steps[k] = nest.strides[k][inner];
  std::array<std::int64_t, kMaxRank> index{};
  while (true) {
    row(nest.shape[inner], offsets, steps);
    int axis = inner - 1;
    for (; axis >= 0; --axis) {  // an odometer over the outer axes
      auto& position = index[static_cast<std::size_t>(axis)];
      const bool carry = ++position == nest.shape[axis];
      for (std::size_t k = 0; k < Operands; ++k) {
        offsets[k] += carry ? nest.strides[k][axis] * (1 - nest.shape[axis]) : nest.strides[k][axis];
      }
      if (!carry) break;
      position = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace rondo
