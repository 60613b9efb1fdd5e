// The product of a transposed matrix with columns. kernels.cpp includes this once per instruction set.
//
// For each k, the columns' vectors are loaded once and multiplied by a few features, whose sums stay in registers. All
// sums together are more than the second-level cache holds, and the next ones follow in memory: each k fetches one of
// their vectors, without which a product of 128 k takes a quarter longer.

namespace rondo::fused::HWY_NAMESPACE {

template <int kCount>
HWY_NOINLINE void outer_tile(const OuterProduct& product) {
  constexpr int kVectors = kMostVectors;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const FloatTag d;
  Floats sums[kCount][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::LoadU(d, product.sums + (i * kVectors + v) * lanes);
  }
  const float* columns = product.columns;
  const float* features = product.features;
  const float* const next_sums = product.sums + kCount * kVectors * lanes;
  for (std::int64_t k = 0; k < product.K; ++k) {
    if (k < kCount * kVectors) hwy::Prefetch(next_sums + k * lanes);
    Floats w[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) w[v] = kept(hn::LoadU(d, columns + v * lanes));
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      const Floats x = all(features[i]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(x, w[v], sums[i][v]);
    }
    columns += kVectors * lanes;
    features += kFeatureStride;
  }
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[i][v], d, product.sums + (i * kVectors + v) * lanes);
  }
}

inline constexpr int kMostFeatures = kRowsOf<kMostVectors>;
static_assert(kMostFeatures <= kFeatureStride);

template <int... kIndex>
HWY_INLINE void outer_of(const OuterProduct& product, std::integer_sequence<int, kIndex...>) {
  static constexpr OuterProductFunction kTiles[] = {outer_tile<kIndex + 1>...};
  kTiles[product.count - 1](product);
}

inline void outer_product(const OuterProduct& product) {
  outer_of(product, std::make_integer_sequence<int, kMostFeatures>());
}

}  // namespace rondo::fused::HWY_NAMESPACE
