/// The matrix products of the stepwise executor's steps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/common/product_weights.h"
#include "recurrence/executor.h"

namespace rondo {

/// A part of the columns of the recurrent kernel: those that multiply h, or those that multiply r * h in a cell that
/// has such columns.
enum class RecurrentPart : std::uint8_t { before_reset, after_reset };

/// The recurrent products of one session. InputProducts are those of the inputs.
class StepwiseProducts {
 public:
  explicit StepwiseProducts(const RunnerRequest& request);

  /// sums (B, G H) = rows (B, H) U, in the columns of `part` alone. Rows of a projected h are (B, P).
  void multiply_states(RecurrentPart part, const void* rows, void* sums, void* workspace, Stream stream) const;
  /// sums (B, P) = rows (B, H) projection, for a cell that has one.
  void project(const void* rows, void* sums, void* workspace, Stream stream) const;

 private:
  std::shared_ptr<const Product> recurrent_product(int gates) const;
  void make_projection(const RunnerRequest& request);

  const RecurrenceSpec spec_;
  const std::int64_t columns_;  ///< G H
  const ProductWeights weights_;
  int gates_before_reset_ = 0;
  std::vector<std::shared_ptr<const Product>> recurrent_;  ///< by RecurrentPart
  std::optional<ProductWeights> projection_weights_;
  std::shared_ptr<const Product> projection_;
};

}  // namespace rondo
