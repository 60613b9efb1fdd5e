// The products for each number of rows, in each dtype of weights. kernels.cpp includes this once per instruction set,
// after product-inl.h and int8_product-inl.h.

namespace rondo::fused::HWY_NAMESPACE {

template <typename Weight>
inline constexpr bool kIsInt8 = std::is_same_v<Weight, Int8Pair> || std::is_same_v<Weight, Int8Quad>;

// The most rows that a product takes.
template <typename Weight, int kVectors>
inline constexpr int kMostOf = kIsInt8<Weight> ? kInt8Rows<kVectors> : kRowsOf<kVectors>;

template <typename Weight, Prefetch::What kPrefetch, int kPanels, int kRows, int kVectors>
constexpr MultiplyFunction tile() {
  if constexpr (kIsInt8<Weight>) {
    return multiply_int8_tile<Weight, kPrefetch, kPanels, kRows, kVectors>;
  } else {
    return multiply_tile<Weight, kPrefetch, kPanels, kRows, kVectors>;
  }
}

// The kernels for 1, 2, ... rows: with `one` panel, and with the `several` panels that panels_at_once returns.
template <typename Weight, Prefetch::What kPrefetch, int kVectors>
struct Tiles {
  static constexpr int kMost = kMostOf<Weight, kVectors>;
  static_assert(kMost <= kMostRows);
  MultiplyFunction one[kMost];
  MultiplyFunction several[kMost];

  template <int... kRow>
  static constexpr Tiles make(std::integer_sequence<int, kRow...>) {
    constexpr ProductKernel kernel{nullptr, kMost};
    return {{tile<Weight, kPrefetch, 1, kRow + 1, kVectors>()...},
            {tile<Weight, kPrefetch, kernel.panels_at_once(kRow + 1), kRow + 1, kVectors>()...}};
  }
};

template <typename Weight, Prefetch::What kPrefetch, int kVectors>
void multiply_with(const PanelProduct& product) {
  static constexpr auto kTiles =
      Tiles<Weight, kPrefetch, kVectors>::make(std::make_integer_sequence<int, kMostOf<Weight, kVectors>>());
  const auto row = static_cast<std::size_t>(product.row_count - 1);
  (product.panel_count == 1 ? kTiles.one : kTiles.several)[row](product);
}

template <typename Weight, int kVectors>
void multiply(const PanelProduct& product) {
  switch (product.prefetch.what) {
    case Prefetch::What::nothing: return multiply_with<Weight, Prefetch::What::nothing, kVectors>(product);
    case Prefetch::What::own: return multiply_with<Weight, Prefetch::What::own, kVectors>(product);
    case Prefetch::What::next: return multiply_with<Weight, Prefetch::What::next, kVectors>(product);
  }
}

template <typename Weight>
ProductKernel product_of(int vectors) {
  if (vectors == 3) return {multiply<Weight, 3>, kMostOf<Weight, 3>};
  return {multiply<Weight, 4>, kMostOf<Weight, 4>};
}

inline ProductKernel product(DType weights, int vectors) {
  if (weights == DType::bf16) return product_of<hwy::bfloat16_t>(vectors);
  if (weights == DType::f16) return product_of<hwy::float16_t>(vectors);
  return product_of<float>(vectors);
}

using PairProduct = ProductKernel (*)(int vectors);

// Null where the processor has no products of pairs.
inline PairProduct pair_product() {
#if RONDO_HAS_PAIRS
  if (__builtin_cpu_supports("avx512bf16") != 0) return product_of<BFloat16Pair>;
#endif
  return nullptr;
}

}  // namespace rondo::fused::HWY_NAMESPACE
