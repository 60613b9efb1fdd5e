/// The matrix products of gradients in the stepwise executor.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/products/product.h"
#include "cuda/stepwise/stepwise_products.h"
#include "recurrence/executor.h"

namespace rondo {

/// The operands of one call. Where a weight is the other factor, `b` is absent.
struct GradientOperands {
  const void* a = nullptr;
  const void* b = nullptr;
  void* result = nullptr;
  void* workspace = nullptr;
};

/// The products of one session. Rows are T B rows of x, F the units of h, and G H the columns of the gates. A result
/// has compute_dtype, unless another is named. Transposed weights are read as they are.
class GradientProducts {
 public:
  explicit GradientProducts(const RunnerRequest& request);

  /// (B, F) = dG (B, G H) U', in the columns of `part` alone.
  void step(RecurrentPart part, GradientOperands operands, Stream stream) const;
  /// (B, H) = dp (B, P) P'
  void step_through_projection(const GradientOperands& operands, Stream stream) const;

  /// (rows, P) = m (rows, H) P
  void project(const GradientOperands& operands, Stream stream) const;
  /// (rows, G H) = x W, where gates are computed again.
  void input_sums(const GradientOperands& operands, Stream stream) const;
  /// (rows, G H) = h (rows, F) U, in the columns of `part` alone, where gates are computed again.
  void recurrent_sums(RecurrentPart part, GradientOperands operands, Stream stream) const;
  /// (rows, I) of the spec's dtype = dG (rows, G H) W'
  void inputs(const GradientOperands& operands, Stream stream) const;

  /// (I, G H) = x' dG
  void kernel(const GradientOperands& operands, Stream stream) const;
  /// (F, G H) = h' dG, in the columns of `part` alone.
  void recurrent_kernel(RecurrentPart part, GradientOperands operands, Stream stream) const;
  /// (H, P) = m' dp
  void projection(const GradientOperands& operands, Stream stream) const;

 private:
  using Made = std::shared_ptr<const Product>;

  /// Two for a cell whose candidate has a product of its own, by RecurrentPart.
  struct PartProducts {
    Made step;
    Made weights;
    Made sums;  ///< null unless gates are computed again at once
  };

  /// Whether gates are computed again, all of them at once.
  bool computes_gates_at_once() const;
  Made make(ProductSpec product) const;
  Made make_sums(std::int64_t K, std::int64_t columns) const;
  PartProducts make_part(int gates) const;
  void make_projection();
  std::int64_t first_column(RecurrentPart part) const;

  const RecurrenceSpec spec_;
  const WeightBuffers weights_;
  const std::int64_t rows_;
  const std::int64_t columns_;
  const std::int64_t features_;
  std::int64_t columns_before_reset_ = 0;
  std::vector<PartProducts> recurrent_;
  Made inputs_;
  Made kernel_;
  Made input_sums_;  ///< null unless gates are computed again at once
  Made through_projection_;
  Made project_;
  Made projection_;
};

}  // namespace rondo
