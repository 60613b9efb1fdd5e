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

// Prefetches while a product multiplies.
template <Prefetch::What kPrefetch>
class Prefetcher {
 public:
  HWY_INLINE explicit Prefetcher(const Prefetch& prefetch)
      : next_(prefetch.begin), second_((prefetch.lines - 1) * kLine) {}

  // Before the products of a k.
  HWY_INLINE void begin_k() {
    if constexpr (kPrefetch != Prefetch::What::next) return;
    ask_for(next_);
    ask_for(next_ + second_);
    next_ += second_ + kLine;
  }

  // Where the product reads a vector of its own weights.
  template <typename Weight>
  HWY_INLINE void read(const Weight* weights) const {
    if constexpr (kPrefetch == Prefetch::What::own) hwy::Prefetch(weights + kPrefetchDistance);
  }

 private:
  static constexpr std::ptrdiff_t kLine = 64;

  // Prefetches a line into the second-level cache.
  static HWY_INLINE void ask_for(const std::byte* line) {
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
    __builtin_prefetch(line, 0, 2);
#else
    (void)line;
#endif
  }

  const std::byte* next_;
  std::ptrdiff_t second_;
};

template <typename Weight, Prefetch::What kPrefetch, int kPanels, int kRows, int kVectors>
HWY_NOINLINE void multiply_tile(const PanelProduct& product) {
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
  Prefetcher<kPrefetch> prefetcher(product.prefetch);
  for (std::int64_t k = 0; k < product.K; ++k) {
    prefetcher.begin_k();
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) {
      const Weight* panel = weights + p * product.panel_stride;
      Floats w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        w[v] = load_weights(panel + v * lanes);
        if constexpr (kRows > 1) w[v] = kept(w[v]);
        prefetcher.read(panel + v * lanes);
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

}  // namespace rondo::fused::HWY_NAMESPACE
