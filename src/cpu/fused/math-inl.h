// Exponentials and what gates make of them, for one instruction set. No include guard: included once for each.
//
// e^x is computed as 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2, where
//
//     e^r = 1 + r + r^2 q(r),    q of degree 4, fitted to e^r within 0.1 unit in the last place
//
// kept as (e^r - 1) and 2^n, so that e^x - 1 has no cancellation for small x:
//
//     e^x     = 2^n + 2^n (e^r - 1)
//     e^x - 1 = (2^n - 1) + 2^n (e^r - 1)
//
//     sigmoid(x) = 1 / (1 + e^-x)
//     tanh(x)    = m / (m + 2)  with m = e^(2x) - 1

namespace rondo::fused::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using IntTag = hn::RebindToSigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;

HWY_INLINE Floats all(float value) { return hn::Set(FloatTag(), value); }

struct ExpParts {
  Floats fraction;  // e^r - 1
  Floats scale;     // 2^n
};

// Of |x| <= 87.3, or NaN: 2^n is a normal number. Several numbers go through it side by side, because each operation
// waits for the one before it, and processors look ahead of that by a part of this alone.
template <int kCount>
HWY_INLINE void exp_parts(const Floats (&x)[kCount], ExpParts (&parts)[kCount]) {
  const FloatTag d;
  const IntTag di;
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  const Floats magic = all(12582912.0F);
  Floats shifted[kCount];
  Floats r[kCount];
  Floats r2[kCount];
  Floats low[kCount];
  Floats high[kCount];
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) shifted[i] = hn::MulAdd(x[i], all(1.44269504F), magic);
    // n = shifted - magic, and ln 2 in two parts, the first of which has so few bits that n times it is exact.
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) r[i] = hn::NegMulAdd(hn::Sub(shifted[i], magic), all(0.693359375F), x[i]);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) r[i] = hn::NegMulAdd(hn::Sub(shifted[i], magic), all(-2.12194440e-4F), r[i]);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) r2[i] = hn::Mul(r[i], r[i]);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) low[i] = hn::MulAdd(all(1.666651964187622e-1F), r[i], all(4.999999403953552e-1F));
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) high[i] = hn::MulAdd(all(8.368796668946743e-3F), r[i], all(4.1668396443128586e-2F));
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) high[i] = hn::MulAdd(all(1.3814433477818966e-3F), r2[i], high[i]);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) low[i] = hn::MulAdd(high[i], r2[i], low[i]);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) {
    parts[i].fraction = hn::MulAdd(r2[i], low[i], r[i]);
    // The upper bits of the magic number leave the word.
    const auto exponent = hn::Add(hn::BitCast(di, shifted[i]), hn::Set(di, 127));
    parts[i].scale = hn::BitCast(d, hn::ShiftLeft<23>(exponent));
  }
}

// Within [-limit, limit]; NaN stays NaN.
HWY_INLINE Floats clamp(Floats x, float limit) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Min(all(limit), hn::Max(all(-limit), x));  // of a NaN and a number, x86 gives the second operand
#else
  const Floats above = hn::IfThenElse(hn::Lt(x, all(-limit)), all(-limit), x);
  return hn::IfThenElse(hn::Gt(above, all(limit)), all(limit), above);
#endif
}

// 1 / a, for a normal number. AVX-512's estimate has 14 bits, which one step of Newton's doubles; a division takes four
// times as long there.
HWY_INLINE Floats reciprocal(Floats a) {
#if HWY_TARGET <= HWY_AVX3
  const Floats estimate = hn::ApproximateReciprocal(a);
  return hn::MulAdd(estimate, hn::NegMulAdd(a, estimate, all(1.0F)), estimate);
#else
  return hn::Div(all(1.0F), a);
#endif
}

// What sigmoid and tanh take the exponential of. Below -limit and above it, e^-x does not change 1 / (1 + e^-x) any
// more; beyond 9.5, tanh(x) cannot be told apart from 1.
HWY_INLINE Floats minus_within(Floats x, float limit) { return clamp(hn::Neg(x), limit); }
HWY_INLINE Floats twice_within(Floats x) { return clamp(hn::Add(x, x), 19.0F); }

HWY_INLINE Floats exp_of(const ExpParts& parts) { return hn::MulAdd(parts.scale, parts.fraction, parts.scale); }

HWY_INLINE Floats exp_minus_one_of(const ExpParts& parts) {
  return hn::MulAdd(parts.scale, parts.fraction, hn::Sub(parts.scale, all(1.0F)));
}

// With e = e^-x.
HWY_INLINE Floats sigmoid_of(Floats e) { return reciprocal(hn::Add(all(1.0F), e)); }

// With m = e^2x - 1.
HWY_INLINE Floats tanh_of(Floats m) { return hn::Mul(m, reciprocal(hn::Add(m, all(2.0F)))); }

// sigmoid(a) tanh(b) with one reciprocal, e = e^-a and m = e^2b - 1. With e^-a up to e^60 the product stays finite.
inline constexpr float kFactorLimit = 60.0F;
HWY_INLINE Floats sigmoid_times_tanh_of(Floats e, Floats m) {
  return hn::Mul(m, reciprocal(hn::Mul(hn::Add(all(1.0F), e), hn::Add(m, all(2.0F)))));
}

inline constexpr float kSigmoidLimit = 87.3F;

HWY_INLINE Floats sigmoid(Floats x) {
  ExpParts parts[1];
  exp_parts({minus_within(x, kSigmoidLimit)}, parts);
  return sigmoid_of(exp_of(parts[0]));
}

HWY_INLINE Floats tanh(Floats x) {
  ExpParts parts[1];
  exp_parts({twice_within(x)}, parts);
  return tanh_of(exp_minus_one_of(parts[0]));
}

}  // namespace rondo::fused::HWY_NAMESPACE
