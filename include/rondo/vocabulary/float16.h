/// The two 16-bit floating point types, as storage with exact conversions.
///
/// Conversions from float round to nearest, ties to even, keep infinities, and turn every NaN into a quiet NaN. The
/// bits are those of CUDA's `__half` and `__nv_bfloat16`: IEEE 754 binary16, and the upper half of binary32.
#pragma once

#include <cstdint>

namespace rondo {

/// IEEE 754 binary16: 5 exponent bits, 10 fraction bits, largest finite value 65504.
struct Float16 {
  std::uint16_t bits = 0;

  Float16() = default;
  explicit Float16(float value);
  explicit operator float() const;
};

/// bfloat16: the upper 16 bits of a binary32.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value);
  explicit operator float() const;
};

}  // namespace rondo
