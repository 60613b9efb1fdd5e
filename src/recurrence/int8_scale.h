/// The arithmetic of 8 bits: how numbers that share a scale become integers from -127 to 127.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace rondo {

/// The greatest magnitude of an integer.
inline constexpr float kMostInt8 = 127.0F;
/// Numbers that are all smaller than this are zeros: their scale, or its inverse, would not be a normal number.
inline constexpr float kLeastInt8 = 0x1p-119F;

/// number = integer * scale, and integer = number * inverse, rounded to nearest.
struct Int8Scale {
  float scale;    ///< 0: all numbers are zeros; NaN: one of them is infinite or NaN
  float inverse;  ///< 0 for these two: no integer is computed from a number that has none
};

/// The bits of |number|. They are in the order of the magnitudes, infinity and NaN above all others.
inline std::uint32_t magnitude_bits(float number) { return std::bit_cast<std::uint32_t>(number) & 0x7FFFFFFFU; }

/// The scale of numbers with these bits of the largest magnitude.
inline Int8Scale int8_scale(std::uint32_t largest_bits) {
  constexpr std::uint32_t kInfinity = 0x7F800000U;
  if (largest_bits >= kInfinity) return {std::numeric_limits<float>::quiet_NaN(), 0.0F};
  const auto largest = std::bit_cast<float>(largest_bits);
  if (largest < kLeastInt8) return {0.0F, 0.0F};
  return {largest / kMostInt8, kMostInt8 / largest};
}

/// The integer of a number whose scale has this inverse, ties to even. Zero where the inverse is 0.
inline std::int8_t int8_of(float number, float inverse) {
  if (inverse == 0.0F) return 0;
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the lowest bits: compilers vectorise it.
  constexpr float kMagic = 12582912.0F;
  return static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(number * inverse + kMagic) & 0xFFU);
}

}  // namespace rondo
