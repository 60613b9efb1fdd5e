/// The gradients of an LSTM's peepholes and of its projection.
#pragma once

#include "cpu/fused/backward/outer_sums.h"

namespace rondo::fused {

/// One part's share. Parts share the peepholes' units and the columns of the projection, so that no sum depends on
/// their number. A cell without these weights has nothing to do.
class VariantSums {
 public:
  /// `run` and `scratch` must outlive the VariantSums.
  VariantSums(const GradientArguments& run, const GradientScratch& scratch);

  /// Sets this part's sums to zeros.
  void begin() const;
  /// Packs h before the projection of this part's share of the `live` rows of a chunk, for `add`.
  void pack_features(std::int64_t live) const;
  /// Adds the `live` rows of a chunk, whose gradients are complete and whose features are packed.
  void add(std::int64_t live) const;
  /// Writes or adds this part's sums to the gradients that are wanted.
  void store() const;

 private:
  Sums projection() const;
  void add_peepholes(std::int64_t live) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const GradientShape& shape_;
  const Range panels_;  ///< this part's panels of the projection's columns
  const Range units_;   ///< this part's elements of a peephole
  const OuterSums sums_;
};

}  // namespace rondo::fused
