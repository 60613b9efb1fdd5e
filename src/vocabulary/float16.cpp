#include "rondo/vocabulary/float16.h"

#include <bit>

namespace rondo {
namespace {

constexpr std::uint32_t kFloatInfinity = 0x7f800000U;

// Drops the lowest `shift` bits of `value`, rounding to nearest, ties to even.
std::uint32_t round_shift(std::uint32_t value, int shift) {
  const std::uint32_t half = 1U << (shift - 1);
  const std::uint32_t odd = (value >> shift) & 1U;
  return (value + half - 1U + odd) >> shift;
}

}  // namespace

Float16::Float16(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((word >> 16) & 0x8000U);
  const std::uint32_t magnitude = word & 0x7fffffffU;
  std::uint32_t result;
  if (magnitude > kFloatInfinity) {
    result = 0x7e00U;                     // quiet NaN
  } else if (magnitude >= 0x47800000U) {  // 2^16 and above
    result = 0x7c00U;
  } else if (magnitude >= 0x38800000U) {                // normal in binary16: rebias the exponent from 127 to 15
    result = round_shift(magnitude - 0x38000000U, 13);  // a carry out of the fraction becomes the right infinity
  } else if (magnitude >= 0x33000000U) {                // subnormal in binary16: shift the fraction with its hidden bit
    const int exponent = static_cast<int>(magnitude >> 23);
    result = round_shift((magnitude & 0x7fffffU) | 0x800000U, 126 - exponent);
  } else {
    result = 0;
  }
  bits = static_cast<std::uint16_t>(sign | result);
}

Float16::operator float() const {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24 is exact in binary32
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t float_exponent = exponent == 0x1fU ? kFloatInfinity : (exponent + 112U) << 23;
  return std::bit_cast<float>(sign | float_exponent | (fraction << 13));
}

BFloat16::BFloat16(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (word & 0x7fffffffU) > kFloatInfinity;
  bits = is_nan ? static_cast<std::uint16_t>((word >> 16) | 0x40U) : static_cast<std::uint16_t>(round_shift(word, 16));
}

BFloat16::operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace rondo
