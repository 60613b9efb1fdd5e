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

// |x| <= 87.3, or NaN: 2^n is a normal number.
HWY_INLINE ExpParts exp_parts(Floats x) {
  const FloatTag d;
  const IntTag di;
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  const Floats magic = all(12582912.0F);
  const Floats shifted = hn::MulAdd(x, all(1.44269504F), magic);
  const Floats n = hn::Sub(shifted, magic);
  // ln 2 in two parts, the first of which has so few bits that n times it is exact.
  Floats r = hn::NegMulAdd(n, all(0.693359375F), x);
  r = hn::NegMulAdd(n, all(-2.12194440e-4F), r);
  Floats q = hn::MulAdd(all(1.3814433477818966e-3F), r, all(8.368796668946743e-3F));
  q = hn::MulAdd(q, r, all(4.1668396443128586e-2F));
  q = hn::MulAdd(q, r, all(1.666651964187622e-1F));
  q = hn::MulAdd(q, r, all(4.999999403953552e-1F));
  const Floats fraction = hn::MulAdd(hn::Mul(r, r), q, r);
  // The upper bits of the magic number leave the word.
  const auto exponent = hn::Add(hn::BitCast(di, shifted), hn::Set(di, 127));
  return {fraction, hn::BitCast(d, hn::ShiftLeft<23>(exponent))};
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

// e^-x, where sigmoid(x) = 1 / (1 + e^-x) tells it apart from 0 and 1, and no more than `limit` says.
HWY_INLINE Floats exp_minus(Floats x, float limit) {
  const ExpParts parts = exp_parts(clamp(hn::Neg(x), limit));
  return hn::MulAdd(parts.scale, parts.fraction, parts.scale);
}

// e^2x - 1, where tanh(x) can be told apart from 1.
HWY_INLINE Floats exp_twice_minus_one(Floats x) {
  const ExpParts parts = exp_parts(clamp(hn::Add(x, x), 19.0F));
  return hn::MulAdd(parts.scale, parts.fraction, hn::Sub(parts.scale, all(1.0F)));
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

HWY_INLINE Floats sigmoid(Floats x) { return reciprocal(hn::Add(all(1.0F), exp_minus(x, 87.3F))); }

HWY_INLINE Floats tanh(Floats x) {
  const Floats m = exp_twice_minus_one(x);
  return hn::Mul(m, reciprocal(hn::Add(m, all(2.0F))));
}

// sigmoid(a) tanh(b) with one reciprocal: m / ((1 + e^-a) (m + 2)). The bound on e^-a keeps the product finite.
HWY_INLINE Floats sigmoid_times_tanh(Floats a, Floats b) {
  const Floats m = exp_twice_minus_one(b);
  const Floats denominator = hn::Mul(hn::Add(all(1.0F), exp_minus(a, 60.0F)), hn::Add(m, all(2.0F)));
  return hn::Mul(m, reciprocal(denominator));
}

}  // namespace rondo::fused::HWY_NAMESPACE
