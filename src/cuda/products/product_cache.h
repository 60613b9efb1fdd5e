/// Products that are asked for again and again, by step functions and by a layer's sessions: deciding on one takes
/// longer than running it.
#pragma once

#include <memory>

#include "cuda/products/product.h"

namespace rondo {

/// The product for `spec` on `device`; the last kCachedProducts that were asked for are remembered. May be called from
/// several threads.
std::shared_ptr<const Product> cached_product(const ProductSpec& spec, Device device);

inline constexpr std::size_t kCachedProducts = 128;

}  // namespace rondo
