// Rows in 8 bits, and the table of what multiplies them. kernels.cpp includes this once per instruction set, after
// tiles-inl.h.

namespace rondo::fused::HWY_NAMESPACE {

// The bits of the largest magnitude of a row. As integers they have a largest one even where the row has NaN.
HWY_INLINE std::uint32_t largest_bits(const float* row, std::int64_t count) {
  const IntTag di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(di));
  const Ints mask = hn::Set(di, 0x7FFFFFFF);
  const auto bits = [&](std::int64_t i) HWY_ATTR {
    return hn::And(mask, hn::LoadU(di, reinterpret_cast<const std::int32_t*>(row + i)));
  };
  Ints largest[2] = {hn::Zero(di), hn::Zero(di)};  // two, because each maximum waits for the one before it
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    largest[0] = hn::Max(largest[0], bits(i));
    largest[1] = hn::Max(largest[1], bits(i + lanes));
  }
  if (i + lanes <= count) {
    largest[0] = hn::Max(largest[0], bits(i));
    i += lanes;
  }
  std::uint32_t result = static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(di, hn::Max(largest[0], largest[1]))));
  for (; i < count; ++i) result = std::max(result, magnitude_bits(row[i]));
  return result;
}

template <typename Narrow>
HWY_INLINE Ints store_int8(Floats scaled_row, Narrow* target) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  // Highway's conversions also saturate, with several instructions each, and no integer here is beyond 127.
  const Ints integers{_mm512_cvtps_epi32(scaled_row.raw)};
  if constexpr (sizeof(Narrow) == 1) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target), _mm512_cvtepi32_epi8(integers.raw));
  } else {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), _mm512_cvtepi32_epi16(integers.raw));
  }
#else
  const hn::Rebind<Narrow, IntTag> narrow;
  const Ints integers = hn::NearestInt(scaled_row);
  hn::StoreU(hn::DemoteTo(narrow, integers), narrow, target);
#endif
  return integers;
}

// Writes a row as products take it, padded with zeros to whole vectors; returns the sum of its integers in `head`.
template <typename Narrow>
HWY_INLINE void quantize_row(const float* row, std::int64_t count, void* target) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Int8Scale scale = int8_scale(largest_bits(row, count));
  auto* const head = static_cast<Int8Row*>(target);
  auto* const integers = reinterpret_cast<Narrow*>(head + 1);
  *head = {.scale = scale.scale, .first_sum = 0};
  if (scale.inverse == 0.0F) {
    std::fill_n(integers, (count + lanes - 1) / lanes * lanes, Narrow{0});
    return;
  }
  const Floats inverse = all(scale.inverse);
  Ints sum = hn::Zero(IntTag());
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    sum = hn::Add(sum, store_int8(hn::Mul(hn::LoadU(d, row + i), inverse), integers + i));
  }
  if (i < count) {
    HWY_ALIGN float rest[hn::MaxLanes(FloatTag())] = {};
    std::copy_n(row + i, count - i, rest);
    sum = hn::Add(sum, store_int8(hn::Mul(hn::LoadU(d, rest), inverse), integers + i));
  }
  if constexpr (sizeof(Narrow) == 1) {
    head->first_sum = -kInt8Offset * hn::GetLane(hn::SumOfLanes(IntTag(), sum));
  }
}

inline Int8Kernels int8_pairs() {
  return {.together = 2, .product = product_of<Int8Pair>, .quantize_row = quantize_row<std::int16_t>};
}

// Without a product where the processor has no VNNI.
inline Int8Kernels int8_quads() {
  Int8Kernels kernels{.together = 4, .quantize_row = quantize_row<std::int8_t>, .scale_sums = scale_int8_sums_of};
#ifdef RONDO_QUADS
  if (has_feature(processor_features(), RONDO_QUADS)) kernels.product = product_of<Int8Quad>;
#endif
  return kernels;
}

}  // namespace rondo::fused::HWY_NAMESPACE
