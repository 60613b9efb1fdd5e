#include "rondo/vocabulary/float16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace rondo {
namespace {

// A 16-bit format: `fraction_bits` bits of fraction, exponents of normal numbers from `lowest`.
struct Format {
  int fraction_bits;
  int lowest;
  double largest;
};
constexpr Format kBinary16{10, -14, 65504.0};
constexpr Format kBrain16{7, -126, 0x1.fep127};

double from_bits(const Format& format, std::uint16_t bits) {
  const int exponent_bits = 15 - format.fraction_bits;
  const int exponent = (bits >> format.fraction_bits) & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << format.fraction_bits) - 1);
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * INFINITY : NAN;
  const double significand = fraction + (exponent == 0 ? 0 : std::ldexp(1.0, format.fraction_bits));
  return sign * std::ldexp(significand, std::max(exponent, 1) - 1 + format.lowest - format.fraction_bits);
}

// Rounds to the nearest multiple of the spacing at `value`, ties to even: std::nearbyint's rule.
double rounded(const Format& format, double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), format.lowest);
  const double spacing = std::ldexp(1.0, exponent - format.fraction_bits);
  const double result = std::nearbyint(value / spacing) * spacing;
  return std::abs(result) > format.largest ? std::copysign(INFINITY, value) : result;
}

template <typename Half>
void expect_all_patterns_to_return(const Format& format) {
  for (std::uint32_t pattern = 0; pattern <= 0xffffU; ++pattern) {
    Half half;
    half.bits = static_cast<std::uint16_t>(pattern);
    const auto value = static_cast<float>(half);
    const double expected = from_bits(format, half.bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << pattern;
      const Half back(value);
      ASSERT_TRUE(std::isnan(from_bits(format, back.bits))) << pattern;
      ASSERT_NE(back.bits & (1U << (format.fraction_bits - 1)), 0U) << pattern << " did not become quiet";
    } else {
      ASSERT_EQ(static_cast<double>(value), expected) << pattern;
      ASSERT_EQ(std::signbit(value), (pattern & 0x8000U) != 0) << pattern;
      ASSERT_EQ(Half(value).bits, half.bits) << pattern;
    }
  }
}

template <typename Half>
void expect_rounding(const Format& format, float value) {
  const auto result = static_cast<double>(static_cast<float>(Half(value)));
  const double expected = rounded(format, static_cast<double>(value));
  ASSERT_EQ(result, expected) << std::hexfloat << value;
  ASSERT_EQ(std::signbit(result), std::signbit(expected)) << value;
}

// Tests every midpoint between neighbours, and the floats on both sides of it.
template <typename Half>
void expect_ties_to_even(const Format& format) {
  for (std::uint32_t pattern = 0; pattern < 0x7fffU; ++pattern) {
    const double low = from_bits(format, static_cast<std::uint16_t>(pattern));
    const double high = from_bits(format, static_cast<std::uint16_t>(pattern + 1));
    if (!std::isfinite(low) || !std::isfinite(high)) continue;
    const auto middle = static_cast<float>((low + high) / 2);
    for (const float value : {middle, std::nextafter(middle, INFINITY), std::nextafter(middle, 0.0F)}) {
      expect_rounding<Half>(format, value);
      expect_rounding<Half>(format, -value);
    }
  }
}

template <typename Half>
void expect_random_floats_to_round(const Format& format) {
  std::mt19937 generator(1);
  for (int i = 0; i < 300000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(generator()));
    if (!std::isnan(value)) expect_rounding<Half>(format, value);
  }
}

TEST(Float16, AllPatternsReturn) { expect_all_patterns_to_return<Float16>(kBinary16); }
TEST(Float16, TiesGoToEven) { expect_ties_to_even<Float16>(kBinary16); }
TEST(Float16, RandomFloatsRound) { expect_random_floats_to_round<Float16>(kBinary16); }
TEST(BFloat16, AllPatternsReturn) { expect_all_patterns_to_return<BFloat16>(kBrain16); }
TEST(BFloat16, TiesGoToEven) { expect_ties_to_even<BFloat16>(kBrain16); }
TEST(BFloat16, RandomFloatsRound) { expect_random_floats_to_round<BFloat16>(kBrain16); }

TEST(Float16, EdgesOfTheRange) {
  EXPECT_EQ(Float16(65519.996F).bits, 0x7bff);  // below the midpoint of 65504 and 65536
  EXPECT_EQ(Float16(65520.0F).bits, 0x7c00);    // the midpoint: rounded to even, which is infinity
  EXPECT_EQ(Float16(-INFINITY).bits, 0xfc00);
  EXPECT_EQ(Float16(0x1p-24F).bits, 0x0001);
  EXPECT_EQ(Float16(0x1p-25F).bits, 0x0000);  // the midpoint of 0 and the smallest number
  EXPECT_EQ(Float16(0x1.000002p-25F).bits, 0x0001);
  EXPECT_EQ(BFloat16(3.4e38F).bits, 0x7f80);
  EXPECT_EQ(BFloat16(std::bit_cast<float>(0x7f800001U)).bits, 0x7fc0);  // a NaN whose payload is lost stays NaN
}

}  // namespace
}  // namespace rondo
