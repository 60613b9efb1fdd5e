// The product of a few rows with panels of weights. kernels.cpp includes this once per instruction set.
//
// Every row and vector has a register of sums. For each k a vector of weights is loaded once and multiplied by the
// element k of each row: sums[p][r][v] += rows[r][k] panel[p][k][v].

namespace rondo::fused::HWY_NAMESPACE {

// Vector registers of the instruction set. The sums, the weights of one k and an element of a row must fit into them.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
inline constexpr int kRegisters = 32;
#else
inline constexpr int kRegisters = 16;
#endif

template <int kVectors>
inline constexpr int kRowsOf = (kRegisters - kVectors - 1) / kVectors;

HWY_INLINE Floats load_weights(const float* weights) { return hn::LoadU(FloatTag(), weights); }

HWY_INLINE Floats load_weights(const hwy::bfloat16_t* weights) {
  const hn::Rebind<hwy::bfloat16_t, FloatTag> narrow;
  return hn::PromoteTo(FloatTag(), hn::LoadU(narrow, weights));
}

// Without instructions for f16, Highway's conversions do not keep infinities. The macro is defined per instruction set.
#undef RONDO_HAS_F16_INSTRUCTIONS
#if HWY_TARGET <= HWY_AVX2 || HWY_ARCH_ARM_A64
#define RONDO_HAS_F16_INSTRUCTIONS 1
#else
#define RONDO_HAS_F16_INSTRUCTIONS 0
#endif

HWY_INLINE Floats load_weights(const hwy::float16_t* weights) {
#if RONDO_HAS_F16_INSTRUCTIONS
  const hn::Rebind<hwy::float16_t, FloatTag> narrow;
  return hn::PromoteTo(FloatTag(), hn::LoadU(narrow, weights));
#else
  HWY_ALIGN float wide[hn::MaxLanes(FloatTag())];
  for (std::size_t i = 0; i < hn::Lanes(FloatTag()); ++i) {
    Float16 narrow;
    narrow.bits = weights[i].bits;
    wide[i] = static_cast<float>(narrow);
  }
  return hn::LoadU(FloatTag(), wide);
#endif
}

// The sums with the products of x and w, which are f32, added.
template <typename Weight>
HWY_INLINE Floats multiply_add(Floats x, Floats w, Floats sum) {
  return hn::MulAdd(x, w, sum);
}

// Pairs of bf16 are the bits of an f32. Highway 1.0 has no target with the instruction that multiplies them.
#undef RONDO_HAS_PAIRS
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define RONDO_HAS_PAIRS 1
HWY_INLINE Floats load_weights(const BFloat16Pair* weights) {
  return hn::LoadU(FloatTag(), reinterpret_cast<const float*>(weights));
}

template <>
HWY_INLINE Floats multiply_add<BFloat16Pair>(Floats x, Floats w, Floats sum) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(w.raw));
  return sum;
}
#else
#define RONDO_HAS_PAIRS 0
#endif

// Keeps weights that several rows are multiplied with in a register. GCC would load the weights again for each row,
// which costs nothing where they are in the first-level cache, and takes twice as long where they are not.
HWY_INLINE Floats kept(Floats weights) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
  asm("" : "+v"(weights.raw));
#endif
  return weights;
}

// How far ahead weights are prefetched, in elements of f32: what a core reads during one access to memory.
inline constexpr std::int64_t kPrefetchDistance = 1024;

// Prefetches a line into the second-level cache.
HWY_INLINE void ask_for(const std::byte* line) {
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  __builtin_prefetch(line, 0, 2);
#else
  (void)line;
#endif
}

template <typename Weight, Prefetch::What kPrefetch, int kPanels, int kRows, int kVectors>
HWY_NOINLINE void multiply_tile(const PanelProduct& product) {
  constexpr std::ptrdiff_t kLine = 64;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const FloatTag d;
  const auto* weights = static_cast<const Weight*>(product.panels);
  const float* rows[kRows];
  for (int r = 0; r < kRows; ++r) rows[r] = product.rows[r];
  Floats sums[kPanels][kRows][kVectors];
#pragma GCC unroll 4
  for (int p = 0; p < kPanels; ++p) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const std::int64_t vector = p * kVectors + v;
        const float* start = product.start + r * product.start_stride + vector * lanes;
        sums[p][r][v] = product.start == nullptr ? hn::Zero(d) : hn::LoadU(d, start);
      }
    }
  }
  const std::byte* next = product.prefetch.begin;
  const std::ptrdiff_t second = (product.prefetch.lines - 1) * kLine;
  for (std::int64_t k = 0; k < product.K; ++k) {
    if constexpr (kPrefetch == Prefetch::What::next) {
      ask_for(next);
      ask_for(next + second);
      next += second + kLine;
    }
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) {
      const Weight* panel = weights + p * product.panel_stride;
      Floats w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        w[v] = load_weights(panel + v * lanes);
        if constexpr (kRows > 1) w[v] = kept(w[v]);
        if constexpr (kPrefetch == Prefetch::What::own) hwy::Prefetch(panel + v * lanes + kPrefetchDistance);
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Floats x = all(rows[r][k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][r][v] = multiply_add<Weight>(x, w[v], sums[p][r][v]);
      }
    }
    weights += kVectors * lanes;
  }
#pragma GCC unroll 4
  for (int p = 0; p < kPanels; ++p) {
    float* target = product.sums + p * product.sums_stride;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[p][r][v], d, target + (r * kVectors + v) * lanes);
    }
  }
}

// The kernels for 1, 2, ... rows: with `one` panel, and with the `several` panels that panels_at_once returns.
template <typename Weight, Prefetch::What kPrefetch, int kVectors>
struct Tiles {
  static constexpr int kMost = kRowsOf<kVectors>;
  static_assert(kMost <= kMostRows);
  MultiplyFunction one[kMost];
  MultiplyFunction several[kMost];

  template <int... kRow>
  static constexpr Tiles make(std::integer_sequence<int, kRow...>) {
    constexpr ProductKernel kernel{nullptr, kMost};
    return {{multiply_tile<Weight, kPrefetch, 1, kRow + 1, kVectors>...},
            {multiply_tile<Weight, kPrefetch, kernel.panels_at_once(kRow + 1), kRow + 1, kVectors>...}};
  }
};

template <typename Weight, Prefetch::What kPrefetch, int kVectors>
void multiply_with(const PanelProduct& product) {
  static constexpr auto kTiles =
      Tiles<Weight, kPrefetch, kVectors>::make(std::make_integer_sequence<int, kRowsOf<kVectors>>());
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
  if (vectors == 3) return {multiply<Weight, 3>, kRowsOf<3>};
  return {multiply<Weight, 4>, kRowsOf<4>};
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
