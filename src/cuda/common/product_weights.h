/// How the matrix products of CUDA executors read their weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/products/product.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The address of the element `index` elements after `data`.
inline const void* at_element(const void* data, std::int64_t index, DType dtype) {
  return static_cast<const std::byte*>(data) + index * static_cast<std::int64_t>(size_of(dtype));
}
inline void* at_element(void* data, std::int64_t index, DType dtype) {
  return static_cast<std::byte*>(data) + index * static_cast<std::int64_t>(size_of(dtype));
}

/// A kernel (K, columns) as products read it: transposed, (columns, K), where cuBLASLt is faster with that; else
/// unchanged.
class ProductWeights {
 public:
  /// `kernel` stays where it is for as long as this object lives. A transposition runs on the thread's current stream.
  ProductWeights(const void* kernel, std::int64_t K, std::int64_t columns, const RecurrenceSpec& spec);

  MatrixLayout layout() const;
  /// The operand of a product over the columns from `column` on.
  const void* from_column(std::int64_t column) const;

 private:
  const void* kernel_;
  const std::int64_t K_;
  const std::int64_t columns_;
  const DType dtype_;
  Tensor transposed_;  ///< undefined where products read the kernel itself
};

}  // namespace rondo
