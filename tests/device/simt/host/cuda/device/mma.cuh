/// The host's version of src/cuda/device/mma.cuh. Exact products and the previous sum are added in double and rounded
/// to float once; the hardware keeps a few bits more than a float and truncates the rest.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "cuda/device/mma_tile.h"
#include "cuda/device/thread.cuh"
#include "device/simt/tile_product.h"
#include "rondo/vocabulary/float16.h"

namespace rondo::device {

namespace detail {

/// The bits of a float that a TF32 number does not have.
inline constexpr std::uint32_t kBelowTf32 = 0x1fffU;

inline bool is_nan(std::uint32_t float_bits) { return (float_bits & 0x7fffffffU) > 0x7f800000U; }

template <typename Element>
void unpack(Element, std::uint32_t word, float (&numbers)[2]) {
  Element element;
  for (int i = 0; i < 2; ++i) {
    element.bits = static_cast<std::uint16_t>(word >> 16 * i);
    numbers[i] = static_cast<float>(element);
  }
}

inline void unpack(Tf32, std::uint32_t word, float (&numbers)[2]) {
  if ((word & kBelowTf32) != 0 && !is_nan(word)) throw std::logic_error("mma: an operand is not rounded to TF32");
  numbers[0] = std::bit_cast<float>(word);
  numbers[1] = 0.0F;
}

}  // namespace detail

template <typename Element>
void mma(Element, const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], float (&sums)[4]) {
  test::simt::TileOperands operands;
  for (std::size_t i = 0; i < 4; ++i) detail::unpack(Element{}, a[i], operands.a[i]);
  for (std::size_t i = 0; i < 2; ++i) detail::unpack(Element{}, b[i], operands.b[i]);
  test::simt::multiply_add_tiles(operands, sums);
}

inline std::uint32_t round_to_tf32(float value) {
  constexpr std::uint32_t kHalf = (detail::kBelowTf32 + 1) / 2;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (detail::is_nan(bits)) return 0x7fffffffU;
  return (bits + kHalf) & ~detail::kBelowTf32;  // the sign is a separate bit, so that this rounds the magnitude
}

template <int kCount>
void load_matrices(const void* row, std::uint32_t (&words)[kCount]) {
  static_assert(kCount == 2 || kCount == 4);
  const unsigned lane = test::simt::lane();
  if (lane < 8 * kCount) test::simt::check_matrix_row(row);
  unsigned sources[kCount];
  for (unsigned i = 0; i < kCount; ++i) sources[i] = 8 * i + lane / 4;
  std::uint64_t rows[kCount];
  test::simt::exchange_in_full_warp(reinterpret_cast<std::uintptr_t>(row), sources, rows);
  for (std::size_t i = 0; i < kCount; ++i) {
    std::memcpy(&words[i], reinterpret_cast<const std::byte*>(rows[i]) + lane % 4 * sizeof words[i], sizeof words[i]);
  }
}

}  // namespace rondo::device
