/// Rows of elements on a device in a layout that a caller may have, with gaps that no executor may write to.
#pragma once

#include <limits>

#include "rondo/tensor/tensor.h"
#include "support/compare.h"
#include "support/random.h"

namespace rondo::test {

/// How far apart the rows of a (T, B, width) tensor lie.
struct RowLayout {
  std::int64_t gap = 0;    ///< elements between rows
  std::int64_t first = 0;  ///< elements before the first row; rows may then be unaligned
  bool batch_major = false;
  bool reversed = false;  ///< time runs from high addresses to low ones
};

inline RowLayout random_layout(Random& random) {
  return {.gap = random.pick({0, 0, 1, 4}),
          .first = random.pick({0, 0, 1, 4}),
          .batch_major = random.coin(),
          .reversed = random.coin(0.2)};
}

class LaidOut {
 public:
  /// Rows on `device` with the elements and the dtype of `values`, (T, B, width).
  LaidOut(const Tensor& values, const RowLayout& layout, Device device) {
    const std::int64_t T = values.size(0);
    const std::int64_t B = values.size(1);
    const std::int64_t pitch = values.size(2) + layout.gap;
    const std::int64_t size = values.numel() == 0 ? 0 : layout.first + (T * B - 1) * pitch + values.size(2);
    memory_ = Tensor::full({size}, untouched(values.dtype()), values.dtype(), device);
    Strides strides = layout.batch_major ? Strides{pitch, T * pitch, 1} : Strides{B * pitch, pitch, 1};
    std::int64_t offset = size == 0 ? 0 : layout.first;
    if (layout.reversed && size > 0) {
      offset += (T - 1) * strides[0];
      strides[0] = -strides[0];
    }
    rows_ = Tensor(memory_.storage(), values.dtype(), values.shape(), strides, offset);
    rows_.copy_from(values);
  }

  /// All rows, (T, B, width).
  const Tensor& rows() const { return rows_; }
  /// The rows of one step, (B, width).
  Tensor row() const { return rows_.select(0, 0); }

  /// Whether the gaps between rows are unchanged. Overwrites the rows.
  bool gaps_are_untouched() const {
    rows_.fill(untouched(rows_.dtype()));
    return identical(memory_.to(cpu()), Tensor::full(memory_.shape(), untouched(rows_.dtype()), rows_.dtype()));
  }

 private:
  static double untouched(DType dtype) { return is_floating(dtype) ? std::numeric_limits<double>::quiet_NaN() : 1.0; }

  Tensor memory_;
  Tensor rows_;
};

}  // namespace rondo::test
