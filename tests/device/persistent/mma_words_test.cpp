// Products of floats on TF32 tensor cores have the accuracy of MatrixMath::tf32x3.

#include "cuda/persistent/kernel/mma_words.cuh"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "cuda/device/collectives.cuh"
#include "device/simt/executor.h"
#include "device/simt/tensor_core_rounding.h"
#include "support/random.h"

namespace rondo::test {
namespace {

/// a b + sum on a tensor core: row 0, column 0 and the first word along k hold the operands, all others zeros.
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
  constexpr double kBound = 0x1p-21 + 3 * 0x1p-24;  // the last term is three sums, rounded to f32
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
  EXPECT_GT(worst, 0x1p-24) << "some product must have an error";
}

/// Numbers lose most just beside a tie of the first part, or with all bits of the second part.
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

TEST(Tf32x3, NumbersThatAreNotFiniteStaySo) {
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

/// The sum of a[k] b[k], in tiles along k. All rows and columns of a warp's tile have this sum.
template <typename Operand>
double dot(const std::vector<float>& a, const std::vector<float>& b) {
  float result = 0;
  simt::run_grid({.block = {device::kWarpLanes}}, [&] {
    const std::size_t word = device::lane() % 4;
    float sums[4] = {};
    for (std::size_t tile = 0; tile < a.size(); tile += device::kTileWords) {
      const auto bits = [&](const std::vector<float>& numbers, std::size_t k) {
        const float number = numbers[tile + k];
        return std::is_same_v<Operand, device::Tf32> ? device::round_to_tf32(number) : device::float_bits(number);
      };
      MmaWords<Operand, 4> left;
      MmaWords<Operand, 2> right;
      left.take({bits(a, word), bits(a, word), bits(a, word + 4), bits(a, word + 4)});
      right.take({bits(b, word), bits(b, word + 4)});
      multiply_add(left, right, sums);
    }
    if (device::lane() == 0) result = sums[0];
  });
  return result;
}

/// The worst error, relative to the sum, of sums over positive numbers from `least` to 1, which do not cancel.
template <typename Operand>
double worst_sum_error(std::size_t K, double least) {
  Random random(K);
  double worst = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<float> a(K);
    std::vector<float> b(K);
    double exact = 0;
    for (std::size_t k = 0; k < K; ++k) {
      a[k] = static_cast<float>(random.uniform(least, 1));
      b[k] = static_cast<float>(random.uniform(least, 1));
      exact += static_cast<double>(a[k]) * static_cast<double>(b[k]);
    }
    worst = std::max(worst, std::abs(dot<Operand>(a, b) - exact) / exact);
  }
  return worst;
}

TEST(Tf32x3, LongSumsAreWithinTheirBoundThoughTensorCoresCutOff) {
  for (const std::size_t K : {8, 64, 504, 2048}) {
    const double bound = tf32x3_error(static_cast<std::int64_t>(K));
    for (const double least : {0.0, 0.5}) {
      const double rounding = worst_sum_error<device::Tf32x3>(K, least);
      EXPECT_LT(rounding, bound) << K;
      const simt::TruncatingTensorCores truncating;
      const double truncated = worst_sum_error<device::Tf32x3>(K, least);
      EXPECT_LT(truncated, bound) << K;
      EXPECT_GT(truncated, bound / 20) << "the bound says nothing: " << K;
      if (K > 500) {
        EXPECT_GT(truncated, 5 * rounding) << "nothing is cut off: " << K;
      }
    }
  }
}

/// All operands are numbers that TF32 rounds up.
TEST(Tf32x3, TheBoundOfASumTellsItFromTf32) {
  const simt::TruncatingTensorCores truncating;
  for (const std::size_t K : {8, 504, 2048}) {
    const auto number = static_cast<float>(1 + 0x1.8p-11);
    const std::vector<float> numbers(K, number);
    const double exact = static_cast<double>(K) * number * number;
    const double bound = tf32x3_error(static_cast<std::int64_t>(K));
    EXPECT_LT(std::abs(dot<device::Tf32x3>(numbers, numbers) - exact) / exact, bound);
    EXPECT_GT(std::abs(dot<device::Tf32>(numbers, numbers) - exact) / exact, 2 * bound);
  }
}

/// The error of TF32 exceeds the bound of single products, so that their tests tell the two apart.
TEST(Tf32x3, IsFarMoreThanTf32) {
  const float a = 1 + 0x1p-12F;
  EXPECT_LT(relative_error(a, a), 0x1p-21);
  const float rounded = std::bit_cast<float>(device::round_to_tf32(a));
  EXPECT_GT(std::abs(product<device::Tf32>(rounded, rounded) - static_cast<double>(a) * a), 0x1p-13);
}

}  // namespace
}  // namespace rondo::test
