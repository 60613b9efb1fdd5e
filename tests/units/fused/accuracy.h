/// The accuracy that the vector kernels guarantee: a few units in the last place where the exact value is a normal
/// number, and zero where the exact value is smaller.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/random.h"

namespace rondo::test {

inline constexpr double kSmallestNormal = 0x1p-126;

/// Whether an exact value is so near to the smallest normal number that an inner rounding decides whether it is zero.
inline bool is_nearly_denormal(double exact) { return std::abs(std::abs(exact) / kSmallestNormal - 1) < 0x1p-12; }

/// The distance from the exact value in units in its last place; infinity for a wrong kind of number.
inline double units_apart(float actual, double exact) {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  if (std::isnan(exact)) return std::isnan(actual) ? 0.0 : kWrong;
  if (std::isinf(exact)) return static_cast<double>(actual) == exact ? 0.0 : kWrong;
  const double size = std::abs(exact);
  if (is_nearly_denormal(exact) && actual == 0.0F) return 0.0;
  if (size < kSmallestNormal && !is_nearly_denormal(exact)) return actual == 0.0F ? 0.0 : kWrong;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(size), -126) - 23);
  return std::abs(static_cast<double>(actual) - exact) / unit;
}

/// The greatest distance so far, and its argument.
struct WorstUnits {
  double units = 0;
  float at[2] = {};

  void take(float actual, double exact, float first, float second = 0.0F) {
    const double distance = units_apart(actual, exact);
    if (distance > units) *this = {distance, {first, second}};
  }

  void expect_at_most(double most, const char* what) const {
    EXPECT_LE(units, most) << what << " of " << at[0] << " and " << at[1];
    ::testing::Test::RecordProperty(what, std::to_string(units));
  }
};

/// Floats of every exponent and both signs, evenly over their bit patterns, including NaN; special values; and many
/// floats in the range where sigmoid and tanh rise, and where sigmoid becomes denormal.
inline std::vector<float> floats_of_all_kinds() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> numbers{0.0F, -0.0F, kInfinity, -kInfinity, 60.0F, -60.0F, 100.0F, -100.0F};
  for (std::uint64_t bits = 0; bits < 0x100000000U; bits += 150113) {
    numbers.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  Random random(1);
  for (int k = 0; k < 10000; ++k) {
    numbers.push_back(static_cast<float>(random.uniform(-110, 110)));
    numbers.push_back(static_cast<float>((random.coin() ? 1 : -1) * random.uniform(86, 90)));
  }
  return numbers;
}

}  // namespace rondo::test
