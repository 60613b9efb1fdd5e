/// The weights of a runner of cpu_gemm for products whose bits do not depend on the number of rows.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "cpu/executors/ordered_product.h"
#include "recurrence/executor.h"

namespace rondo {

/// Packed weights, in memory that runners with the same WeightPacks share.
class OrderedWeights {
 public:
  explicit OrderedWeights(const RunnerRequest& request);

  const OrderedProduct& kernel() const { return products_[0]; }
  /// The columns of the recurrent kernel for one phase of a step.
  const OrderedProduct& recurrent_kernel(int phase) const { return products_[static_cast<std::size_t>(1 + phase)]; }
  const OrderedProduct& projection() const { return products_[3]; }

 private:
  std::shared_ptr<const WeightPack> pack_;
  std::array<OrderedProduct, 4> products_;
};

}  // namespace rondo
