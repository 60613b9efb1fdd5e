/// The four projections of a MultiHeadAttention.
#pragma once

#include <array>

#include "models/model_layer.h"

namespace rondo {

/// One projection.
struct Projection {
  Tensor kernel;  ///< (features, heads, size); of the output (heads, size, features...)
  Tensor bias;    ///< undefined if the layer has none

  /// x (B, T, C) as (B, heads, T, size).
  Tensor to_heads(const Tensor& x) const;
  /// x (B, heads, T, size) as (B, T, features...).
  Tensor from_heads(const Tensor& x) const;
};

enum Role : std::uint8_t { kQuery, kKey, kValue, kOutput, kRoles };

using Projections = std::array<Projection, kRoles>;

/// The projections of a layer. Throws `ValueError` naming the layer unless their sizes are those of its configuration.
Projections projections_of(const LayerSource& source);

}  // namespace rondo
