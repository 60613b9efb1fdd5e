#include "cuda/products/product_cache.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace rondo {
namespace {

struct CachedProduct {
  ProductSpec spec;
  Device device;
  std::shared_ptr<const Product> product;
};

struct ProductCache {
  std::mutex mutex;
  std::vector<CachedProduct> products;  ///< the most recently used one is first
};

// Never destroyed: at exit the driver may be gone before.
ProductCache& product_cache() {
  static auto* cache = new ProductCache;
  return *cache;
}

// Moves the product to the front; null where it is not known.
std::shared_ptr<const Product> find(std::vector<CachedProduct>& products, const ProductSpec& spec, Device device) {
  const auto known = std::ranges::find_if(
      products, [&](const CachedProduct& cached) { return cached.spec == spec && cached.device == device; });
  if (known == products.end()) return nullptr;
  std::rotate(products.begin(), known, known + 1);
  return products.front().product;
}

}  // namespace

std::shared_ptr<const Product> cached_product(const ProductSpec& spec, Device device) {
  ProductCache& cache = product_cache();
  {
    const std::lock_guard lock(cache.mutex);
    if (auto known = find(cache.products, spec, device)) return known;
  }
  auto product = std::make_shared<const Product>(spec, device);  // others need not wait for this
  const std::lock_guard lock(cache.mutex);
  if (auto known = find(cache.products, spec, device)) return known;  // another thread was faster
  if (cache.products.size() == kCachedProducts) cache.products.pop_back();
  cache.products.insert(cache.products.begin(), {spec, device, product});
  return product;
}

}  // namespace rondo
