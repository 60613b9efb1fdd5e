// Products in 8 bits. kernels.cpp includes this once per instruction set.
//
// Integers are summed exactly, so the order does not matter and all instruction sets have the same bits:
//
//     sums[p][r][v] = (sum over k of row[r][k] panel[p][k][v]) * (scale of row r * scale of column v) + start
//
// Two ways to multiply: quads, four products in one instruction (VNNI) of signed rows and unsigned weights, so that
// weights have an offset of 128, and the sum begins with -128 times the sum of the row; and pairs, two products of
// 16 bits, which every instruction set has. Both let a sum of 32 bits overflow on its way, which is no error as long as
// the last sum is in range.

namespace rondo::fused::HWY_NAMESPACE {

using Ints = hn::Vec<IntTag>;

// Weights of one k, as they are multiplied.
HWY_INLINE Ints load_int8(const Int8Pair* weights) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  const hn::Repartition<std::int16_t, IntTag> shorts;
  const hn::Rebind<std::int8_t, decltype(shorts)> bytes;
  return hn::BitCast(IntTag(), hn::PromoteTo(shorts, hn::LoadU(bytes, &weights->first)));
#else
  const hn::Rebind<std::int16_t, IntTag> pairs;
  return hn::PromoteTo(IntTag(), hn::LoadU(pairs, reinterpret_cast<const std::int16_t*>(weights)));
#endif
}

// The sums with the products of x, two integers of 16 bits, and two weights added.
HWY_INLINE Ints multiply_add_int8(const Int8Pair*, Ints x, Ints w, Ints sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  const hn::Repartition<std::int16_t, IntTag> shorts;
  Ints unused = sum;  // on x86 adjacent products are added to the lane that they are in
  return hn::ReorderWidenMulAccumulate(IntTag(), hn::BitCast(shorts, x), hn::BitCast(shorts, w), sum, unused);
#else
  const Ints first = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(x)), hn::ShiftRight<24>(hn::ShiftLeft<24>(w)));
  return hn::Add(sum, hn::Add(first, hn::Mul(hn::ShiftRight<16>(x), hn::ShiftRight<8>(w))));
#endif
}

// With 256 bits the instruction has two encodings, of which processors without AVX-512 have one (AVX-VNNI).
#undef RONDO_QUADS
#undef RONDO_MULTIPLY_QUADS
#undef RONDO_VECTOR_REGISTER
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define RONDO_QUADS "avx512_vnni"
#define RONDO_MULTIPLY_QUADS "vpdpbusd"
#define RONDO_VECTOR_REGISTER "v"
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
#define RONDO_QUADS "avx_vnni"
#define RONDO_MULTIPLY_QUADS "%{vex%} vpdpbusd"
#define RONDO_VECTOR_REGISTER "x"
#endif

#ifdef RONDO_QUADS
HWY_INLINE Ints load_int8(const Int8Quad* weights) {
  return hn::LoadU(IntTag(), reinterpret_cast<const std::int32_t*>(weights));
}

HWY_INLINE Ints multiply_add_int8(const Int8Quad*, Ints x, Ints w, Ints sum) {
  asm(RONDO_MULTIPLY_QUADS " %2, %1, %0"
      : "+" RONDO_VECTOR_REGISTER(sum.raw)
      : RONDO_VECTOR_REGISTER(w.raw), RONDO_VECTOR_REGISTER(x.raw));
  return sum;
}
#endif

// Keeps a value in a register: weights as kept() does, and a product that must be rounded before it is added to.
template <typename Vector>
HWY_INLINE Vector in_register(Vector value) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
  asm("" : "+v"(value.raw));
#elif HWY_ARCH_ARM_A64
  asm("" : "+w"(value.raw));
#endif
  return value;
}

inline constexpr std::int64_t kFloatBytes = sizeof(float);

// Behind rows of narrow panels scales are not aligned as floats are.
HWY_INLINE Floats load_scales(const std::byte* scales) {
  HWY_ALIGN float aligned[hn::MaxLanes(FloatTag())];
  std::memcpy(aligned, scales, sizeof aligned);
  return hn::LoadU(FloatTag(), aligned);
}

// The sums in f32. The product with the scales is rounded before the start is added, so that the bits do not depend on
// whether the instruction set does both at once.
HWY_INLINE Floats scaled(Ints sums, Floats row_scale, Floats scales, const float* start) {
  const FloatTag d;
  const Floats result = hn::Mul(hn::ConvertTo(d, sums), hn::Mul(row_scale, scales));
  return start == nullptr ? result : hn::Add(in_register(result), hn::LoadU(d, start));
}

template <typename Weight, Prefetch::What kPrefetch, int kPanels, int kRows, int kVectors>
HWY_NOINLINE void multiply_int8_tile(const PanelProduct& product) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(IntTag()));
  const IntTag di;
  const auto* weights = static_cast<const Weight*>(product.panels);
  const Int8Row* heads[kRows];
  const std::int32_t* rows[kRows];
  Ints sums[kPanels][kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    heads[r] = reinterpret_cast<const Int8Row*>(product.rows[r]);
    rows[r] = reinterpret_cast<const std::int32_t*>(heads[r] + 1);
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[p][r][v] = hn::Set(di, heads[r]->first_sum);
    }
  }
  Prefetcher<kPrefetch> prefetcher(product.prefetch);
  for (std::int64_t k = 0; k < product.K; ++k) {
    prefetcher.begin_k();
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) {
      const Weight* panel = weights + p * product.panel_stride;
      Ints w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        w[v] = load_int8(panel + v * lanes);
        if constexpr (kRows > 1) w[v] = in_register(w[v]);
        prefetcher.read(panel + v * lanes);
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Ints x = hn::Set(di, rows[r][k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][r][v] = multiply_add_int8(panel, x, w[v], sums[p][r][v]);
      }
    }
    weights += kVectors * lanes;
  }
#pragma GCC unroll 4
  for (int p = 0; p < kPanels; ++p) {
    const auto* behind = reinterpret_cast<const std::byte*>(weights + p * product.panel_stride);
    Floats scales[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) scales[v] = load_scales(behind + v * lanes * kFloatBytes);
    float* target = product.sums + p * product.sums_stride;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Floats row_scale = all(heads[r]->scale);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const float* start = product.start;
        if (start != nullptr) start += r * product.start_stride + (p * kVectors + v) * lanes;
        hn::StoreU(scaled(sums[p][r][v], row_scale, scales[v], start), FloatTag(), target + (r * kVectors + v) * lanes);
      }
    }
  }
}

// Besides sums and weights, a row's integers and a product that is not yet added need registers.
template <int kVectors>
inline constexpr int kInt8Rows = (kRegisters - kVectors - 2) / kVectors;

// Sums of integers become floats where they lie, for all rows of a product on tile registers.
template <int kVectors>
void scale_int8_sums(const PanelProduct& product) {
  const IntTag di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(di));
  const std::int64_t width = kVectors * lanes;
  const auto* behind = static_cast<const std::byte*>(product.panels) + product.K * width * kFloatBytes;
  Floats scales[kVectors];
  for (int v = 0; v < kVectors; ++v) scales[v] = load_scales(behind + v * lanes * kFloatBytes);
  float* sums = product.sums;
  const float* row = product.rows[0];
  for (int r = 0; r < product.row_count; ++r, row += product.row_stride) {
    const Floats row_scale = all(reinterpret_cast<const Int8Row*>(row)->scale);
    for (int v = 0; v < kVectors; ++v, sums += lanes) {
      const Ints integers = hn::LoadU(di, reinterpret_cast<const std::int32_t*>(sums));
      const float* const start = product.start == nullptr ? nullptr : product.start + v * lanes;
      hn::StoreU(scaled(integers, row_scale, scales[v], start), FloatTag(), sums);
    }
  }
}

inline MultiplyFunction scale_int8_sums_of(int vectors) {
  return vectors == 3 ? scale_int8_sums<3> : scale_int8_sums<4>;
}

}  // namespace rondo::fused::HWY_NAMESPACE
