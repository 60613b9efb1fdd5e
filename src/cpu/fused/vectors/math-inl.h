// Exponentials, sigmoid and tanh in vectors. kernels.cpp includes this once per instruction set.
//
// e^x is computed as 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2, where
//
//     e^r = 1 + r + r^2 q(r),    q of degree 4, fitted to e^r within 0.1 unit in the last place
//
// The result is kept as (e^r - 1) and 2^n, so that e^x - 1 has no cancellation for small x:
//
//     e^x     = 2^n + 2^n (e^r - 1)
//     e^x - 1 = (2^n - 1) + 2^n (e^r - 1)
//
//     sigmoid(x) = 1 / (1 + e^-x)
//     tanh(x)    = m / (m + 2)  with m = e^(2x) - 1
//
// Results below the smallest normal number become zero, so a gate that is nearly closed is closed, and zero times an
// infinite state is NaN. On x86 the mode of a run (FlushDenormals) turns such a quotient into zero.

namespace rondo::fused::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using IntTag = hn::RebindToSigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;

HWY_INLINE Floats all(float value) { return hn::Set(FloatTag(), value); }

struct ExpParts {
  HWY_INLINE ExpParts() {}  // an implicit one is not compiled for the instruction set, which GCC refuses on ARM
  Floats fraction;          // e^r - 1
  Floats scale;             // 2^n
};

// The largest |x| that exp_parts takes. e^88.3 is finite, and its reciprocal is smaller than the smallest normal
// number; 2^n is zero for n = -127, and so is e^-88.3.
inline constexpr float kExpLimit = 88.3F;

// Requires |x| <= kExpLimit, or NaN. Several numbers are computed side by side, because each operation waits for the
// one before it, and a processor looks ahead over only a part of one exponential.
template <int kCount>
HWY_INLINE void exp_parts(const Floats (&x)[kCount], ExpParts (&parts)[kCount]) {
  const FloatTag d;
  const IntTag di;
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the lowest bits.
  const Floats magic = all(12582912.0F);
  Floats shifted[kCount];
  Floats r[kCount];
  Floats r2[kCount];
  Floats low[kCount];
  Floats high[kCount];
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) shifted[i] = hn::MulAdd(x[i], all(1.44269504F), magic);
    // n = shifted - magic. ln 2 is in two parts, and the first part has so few bits that its product with n is exact.
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
    // The shift drops the upper bits of the magic number.
    const auto exponent = hn::Add(hn::BitCast(di, shifted[i]), hn::Set(di, 127));
    parts[i].scale = hn::BitCast(d, hn::ShiftLeft<23>(exponent));
  }
}

// The greater of a limit and x, and the lesser; NaN stays NaN.
HWY_INLINE Floats at_least(float limit, Floats x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Max(all(limit), x);  // x86 returns the second operand where one of them is NaN
#else
  return hn::IfThenElse(hn::Lt(x, all(limit)), all(limit), x);
#endif
}
HWY_INLINE Floats at_most(float limit, Floats x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Min(all(limit), x);
#else
  return hn::IfThenElse(hn::Gt(x, all(limit)), all(limit), x);
#endif
}

HWY_INLINE Floats clamp(Floats x, float limit) { return at_most(limit, at_least(-limit, x)); }

// a / b, both finite, where 1 / b is a normal number, or a is 1 and a denormal quotient may be zero. AVX-512's estimate
// of 1 / b has 14 bits, which one Newton step doubles; a division takes four times as long there. The step corrects the
// quotient and not the estimate, so that the product with a does not wait for it.
HWY_INLINE Floats quotient(Floats a, Floats b) {
#if HWY_TARGET <= HWY_AVX3
  const Floats estimate = hn::ApproximateReciprocal(b);
  const Floats nearly = hn::Mul(a, estimate);
  return hn::MulAdd(nearly, hn::NegMulAdd(b, estimate, all(1.0F)), nearly);
#else
  return hn::Div(a, b);
#endif
}

// a / b where a may be infinite: the Newton step of `quotient` would turn an infinite a into NaN.
HWY_INLINE Floats quotient_of_any(Floats a, Floats b) {
#if HWY_TARGET <= HWY_AVX3
  return hn::Mul(a, quotient(all(1.0F), b));
#else
  return hn::Div(a, b);
#endif
}

// The exponents of sigmoid and tanh: -x, -|x| and 2 x, within limits. Beyond 9.5, tanh(x) rounds to 1.
HWY_INLINE Floats minus_within(Floats x) { return clamp(hn::Neg(x), kExpLimit); }
HWY_INLINE Floats minus_abs_within(Floats x) { return at_least(-kExpLimit, hn::Or(x, hn::SignBit(FloatTag()))); }
HWY_INLINE Floats twice_within(Floats x) { return clamp(hn::Add(x, x), 19.0F); }

HWY_INLINE Floats exp_of(const ExpParts& parts) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(parts.scale, parts.fraction, parts.scale);
#else
  return hn::Mul(parts.scale,
                 hn::Add(parts.fraction, all(1.0F)));  // scale * fraction may be smaller than normal numbers
#endif
}

HWY_INLINE Floats exp_minus_one_of(const ExpParts& parts) {
  return hn::MulAdd(parts.scale, parts.fraction, hn::Sub(parts.scale, all(1.0F)));
}

// sigmoid(x), with e = e^-x.
HWY_INLINE Floats sigmoid_of(Floats e) { return quotient(all(1.0F), hn::Add(all(1.0F), e)); }

// tanh(x), with m = e^2x - 1.
HWY_INLINE Floats tanh_of(Floats m) { return quotient(m, hn::Add(m, all(2.0F))); }

// sigmoid(a) tanh(b) with one division, e = e^-a and m = e^2b - 1. The denominator (1 + e) (m + 2) is up to 2^155.
// Scaled by 2^-30, the denominator and its reciprocal are normal numbers, and only the last product is rounded to zero
// where it is small.
HWY_INLINE Floats sigmoid_times_tanh_of(Floats e, Floats m) {
  const Floats scale = all(0x1p-30F);
  const Floats once = hn::MulAdd(e, scale, scale);
  const Floats twice = hn::MulAdd(e, all(0x1p-29F), all(0x1p-29F));
  return hn::Mul(quotient(m, hn::MulAdd(once, m, twice)), scale);  // computing m + 2 first would round once more
}

HWY_INLINE Floats sigmoid(Floats x) {
  ExpParts parts[1];
  exp_parts({minus_within(x)}, parts);
  return sigmoid_of(exp_of(parts[0]));
}

HWY_INLINE Floats tanh(Floats x) {
  ExpParts parts[1];
  exp_parts({twice_within(x)}, parts);
  return tanh_of(exp_minus_one_of(parts[0]));
}

}  // namespace rondo::fused::HWY_NAMESPACE
