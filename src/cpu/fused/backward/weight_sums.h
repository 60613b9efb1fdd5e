/// The products of the gradients of all rows of a chunk, which need no order of time: the gradients of x and of
/// weights.
#pragma once

#include "cpu/fused/backward/outer_sums.h"

namespace rondo::fused {

/// One part's share. Parts share the rows of d_x and the columns of the weights, so that no sum depends on their
/// number.
class WeightSums {
 public:
  /// `run` and `scratch` must outlive the WeightSums.
  WeightSums(const GradientArguments& run, const GradientScratch& scratch);

  /// Sets this part's sums to zeros, and d_x of a packed batch.
  void begin() const;
  /// Packs x and h of this part's share of the `live` rows of a chunk, for `add`.
  void pack_features(std::int64_t live) const;
  /// Adds the `live` rows of a chunk, whose gradients are complete and whose features are packed, and writes their d_x.
  void add(std::int64_t live) const;
  /// Writes or adds this part's sums to the gradients of the weights that are wanted.
  void store() const;

 private:
  void project(std::int64_t live) const;
  void store_inputs(const Tile& tile, const Group& group, const Range& rows) const;
  void add_part(const Range& rows, std::int64_t panel) const;
  template <typename Function>
  void for_each_sum(const Function& function) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const GradientShape& shape_;
  const Range panels_;  ///< this part's panels of columns
  const OuterSums sums_;
  const ProductKernel product_;
};

}  // namespace rondo::fused
