/// How the matrix products of CUDA executors read their weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/products/product.h"
#include "recurrence/executor.h"
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

/// Device memory of weights as a tensor, to read from.
Tensor view_of(const void* weights, const Shape& shape, const RecurrenceSpec& spec);

/// A matrix of weights (K, columns), and a name that tells it from the others of a request.
struct NamedMatrix {
  std::string name;
  const void* data;
  std::int64_t K;
  std::int64_t columns;
};

/// A matrix of weights as products read it: transposed, (columns, K), where cuBLASLt is faster with that; else
/// unchanged.
class ProductWeights {
 public:
  /// The matrix stays where it is for as long as this object lives.
  ProductWeights(const RunnerRequest& request, const NamedMatrix& matrix);

  MatrixLayout layout() const;
  /// The operand of a product over the columns from `column` on.
  const void* from_column(std::int64_t column) const;

 private:
  const void* matrix_;
  const std::int64_t K_;
  const std::int64_t columns_;
  const DType dtype_;
  std::shared_ptr<const WeightPack> transposed_;  ///< null where products read the matrix itself
};

}  // namespace rondo
