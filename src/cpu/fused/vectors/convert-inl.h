// Conversions of rows, and the activations of rows for tests, for one instruction set. There is no include guard,
// because kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// y[i] = function(x[i]) for all i. The elements that do not fill a vector are copied into one padded with zeros.
template <typename Function>
HWY_INLINE void map_row(const float* x, std::int64_t count, float* y, Function&& function) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(function(hn::LoadU(d, x + i)), d, y + i);
  if (i == count) return;
  HWY_ALIGN float rest[hn::MaxLanes(FloatTag())] = {};
  std::copy_n(x + i, count - i, rest);
  hn::StoreU(function(hn::LoadU(d, rest)), d, rest);
  std::copy_n(rest, count - i, y + i);
}

inline void sigmoid_row(const float* x, std::int64_t count, float* y) {
  map_row(x, count, y, [](Floats v) HWY_ATTR { return sigmoid(v); });
}

inline void tanh_row(const float* x, std::int64_t count, float* y) {
  map_row(x, count, y, [](Floats v) HWY_ATTR { return tanh(v); });
}

template <typename Narrow>
HWY_INLINE void widen(const Narrow* source, std::int64_t count, float* target) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(load_weights(source + i), d, target + i);
  if (i == count) return;
  HWY_ALIGN Narrow rest[hn::MaxLanes(FloatTag())] = {};
  HWY_ALIGN float wide[hn::MaxLanes(FloatTag())];
  std::copy_n(source + i, count - i, rest);
  hn::StoreU(load_weights(rest), d, wide);
  std::copy_n(wide, count - i, target + i);
}

// Highway truncates the lower half; this function rounds to nearest, ties to even, and keeps NaN a NaN.
HWY_INLINE void store_narrow(Floats value, hwy::bfloat16_t* target) {
  const hn::RebindToUnsigned<FloatTag> du;
  const hn::Rebind<std::uint16_t, FloatTag> narrow;
  const auto bits = hn::BitCast(du, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x400000));
  const auto chosen = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), quiet, rounded);
  hn::StoreU(hn::TruncateTo(narrow, hn::ShiftRight<16>(chosen)), narrow, reinterpret_cast<std::uint16_t*>(target));
}

HWY_INLINE void store_narrow(Floats value, hwy::float16_t* target) {
#if RONDO_HAS_F16_INSTRUCTIONS
  const hn::Rebind<hwy::float16_t, FloatTag> narrow;
  hn::StoreU(hn::DemoteTo(narrow, value), narrow, target);
#else
  HWY_ALIGN float wide[hn::MaxLanes(FloatTag())];
  hn::StoreU(value, FloatTag(), wide);
  for (std::size_t i = 0; i < hn::Lanes(FloatTag()); ++i) target[i].bits = Float16(wide[i]).bits;
#endif
}

template <typename Narrow>
HWY_INLINE void narrow_row(const float* source, std::int64_t count, Narrow* target) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store_narrow(hn::LoadU(d, source + i), target + i);
  if (i == count) return;
  HWY_ALIGN float wide[hn::MaxLanes(FloatTag())] = {};
  HWY_ALIGN Narrow rest[hn::MaxLanes(FloatTag())];
  std::copy_n(source + i, count - i, wide);
  store_narrow(hn::LoadU(d, wide), rest);
  std::copy_n(rest, count - i, target + i);
}

// As split() in cpu/fused/split.h, which says why.
HWY_INLINE void store_split(Floats value, hwy::bfloat16_t* high, hwy::bfloat16_t* low) {
  const hn::RebindToUnsigned<FloatTag> du;
  const auto bits = hn::BitCast(du, value);
  const auto upper = hn::Set(du, 0xFFFF0000U);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto sum = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
  const Floats rounded = hn::BitCast(FloatTag(), hn::And(sum, upper));
  const Floats cut = hn::BitCast(FloatTag(), hn::And(bits, upper));
  const auto is_finite = hn::IsFinite(value);
  const Floats first = hn::IfThenElse(is_finite, hn::IfThenElse(hn::IsFinite(rounded), rounded, cut), value);
  store_narrow(first, high);
  store_narrow(hn::IfThenElseZero(is_finite, hn::Sub(value, first)), low);
}

inline void split_row(const float* source, std::int64_t count, void* high, void* low) {
  const FloatTag d;
  auto* const highs = static_cast<hwy::bfloat16_t*>(high);
  auto* const lows = static_cast<hwy::bfloat16_t*>(low);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store_split(hn::LoadU(d, source + i), highs + i, lows + i);
  if (i == count) return;
  HWY_ALIGN float wide[hn::MaxLanes(FloatTag())] = {};
  HWY_ALIGN hwy::bfloat16_t rest[2][hn::MaxLanes(FloatTag())];
  std::copy_n(source + i, count - i, wide);
  store_split(hn::LoadU(d, wide), rest[0], rest[1]);
  std::copy_n(rest[0], count - i, highs + i);
  std::copy_n(rest[1], count - i, lows + i);
}

inline void load_row(DType dtype, const void* source, std::int64_t count, float* target) {
  if (dtype == DType::bf16) return widen(static_cast<const hwy::bfloat16_t*>(source), count, target);
  if (dtype == DType::f16) return widen(static_cast<const hwy::float16_t*>(source), count, target);
  std::copy_n(static_cast<const float*>(source), count, target);
}

inline void store_row(const float* source, std::int64_t count, DType dtype, void* target) {
  if (dtype == DType::bf16) return narrow_row(source, count, static_cast<hwy::bfloat16_t*>(target));
  if (dtype == DType::f16) return narrow_row(source, count, static_cast<hwy::float16_t*>(target));
  std::copy_n(source, count, static_cast<float*>(target));
}

}  // namespace rondo::fused::HWY_NAMESPACE
