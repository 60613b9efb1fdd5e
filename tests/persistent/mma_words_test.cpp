// Products of floats on tensor cores of TF32, as accurate as MatrixMath::tf32x3 says.

#include "cuda/persistent/mma_words.cuh"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "cuda/device/collectives.cuh"
#include "simt/executor.h"
#include "support/random.h"

namespace rondo::test {
namespace {

/// Zero times zero in all places of a tile but the one of row 0, column 0 and the first word along k: a b + sum.
template <typename Operand>
float product(float a, float b, float sum = 0) {
  float result = 0;
  simt::run_grid({.block = {device::kWarpLanes}}, [&] {
    const bool first = device::lane() == 0;
    const std::uint32_t left_words[4] = {first ? device::float_bits(a) : 0U};
    const std::uint32_t right_words[2] = {first ? device::float_bits(b) : 0U};
    MmaWords<Operand, 4> left;
    MmaWords<Operand, 2> right;
    left.take(left_words);
    right.take(right_words);
    float sums[4] = {first ? sum : 0.0F};
    multiply_add(left, right, sums);
    if (first) result = sums[0];
  });
  return result;
}

float tf32x3(float a, float b) { return product<device::Tf32x3>(a, b); }

double relative_error(float a, float b) {
  const double exact = static_cast<double>(a) * b;
  return std::abs(tf32x3(a, b) - exact) / std::abs(exact);
}

TEST(Tf32x3, ProductsHaveNearlyTheAccuracyOfF32) {
  constexpr double kBound = 0x1p-21 + 3 * 0x1p-24;  // and three sums that are rounded to f32
  Random random(1);
  double worst = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto number = [&] {
      const auto exponent = static_cast<int>(random.integer(-50, 50));
      return static_cast<float>(std::ldexp(random.uniform(1, 2) * (random.coin() ? 1 : -1), exponent));
    };
    worst = std::max(worst, relative_error(number(), number()));
  }
  EXPECT_LT(worst, kBound);
  EXPECT_GT(worst, 0x1p-24) << "a test of other products than those in question";
}

/// The numbers of which least is kept: just beside a tie of the first part, and with all bits of the second one.
TEST(Tf32x3, IsAccurateWhereLeastOfANumberIsKept) {
  constexpr double kBound = 0x1p-21 + 3 * 0x1p-24;
  for (const double below : {0x1p-11 - 0x1p-23, 0x1p-11, 0x1p-11 + 0x1p-23, 0x1p-12 + 0x1p-23, 1 - 0x1p-23}) {
    const auto a = static_cast<float>(1 + below);
    EXPECT_LT(relative_error(a, a), kBound) << below;
    EXPECT_LT(relative_error(-a, a), kBound) << below;
  }
}

TEST(Tf32x3, NumbersOfTf32AreExact) {
  EXPECT_EQ(tf32x3(1.5F, -0.25F), -0.375F);
  EXPECT_EQ(tf32x3(0.0F, 1.1F), 0.0F);
  EXPECT_EQ(product<device::Tf32x3>(1.0F, 0x1p-24F, 1.0F), 1.0F) << "sums are f32";
}

TEST(Tf32x3, TinyNumbersAreNearTheirProduct) {
  for (const float tiny : {0x1.fffffep-114F, 0x1.234568p-126F, 0x1p-149F, 0x1.555p-140F}) {
    const double exact = static_cast<double>(tiny) * 0x1p20;
    EXPECT_LE(std::abs(tf32x3(tiny, 0x1p20F) - exact), 0x1p-136 * 0x1p20) << tiny;
  }
}

TEST(Tf32x3, WhatIsNotFiniteStaysSo) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isfinite(tf32x3(0x1.ff8p127F, 1.0F)));
  for (const float number : {kNaN, -kNaN, std::bit_cast<float>(0x7fffffffU), std::bit_cast<float>(0xffffffffU)}) {
    EXPECT_TRUE(std::isnan(tf32x3(number, 1.0F)));
    EXPECT_TRUE(std::isnan(tf32x3(1.0F, number)));
  }
  for (const float number : {kInfinity, -kInfinity, std::numeric_limits<float>::max()}) {
    EXPECT_FALSE(std::isfinite(tf32x3(number, 1.0F)));
    EXPECT_FALSE(std::isfinite(tf32x3(1.0F, number)));
  }
}

/// What the test above would not see of TF32 itself.
TEST(Tf32x3, IsFarMoreThanTf32) {
  const float a = 1 + 0x1p-12F;
  EXPECT_LT(relative_error(a, a), 0x1p-21);
  const float rounded = std::bit_cast<float>(device::round_to_tf32(a));
  EXPECT_GT(std::abs(product<device::Tf32>(rounded, rounded) - static_cast<double>(a) * a), 0x1p-13);
}

}  // namespace
}  // namespace rondo::test
