/// Where the elements of several strided tensors of one shape are, by their row-major number: index arithmetic of
/// kernels, as plain data.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "rondo/vocabulary/host_device.h"
#include "tensor/strided_loop.h"

namespace rondo {

__extension__ using Unsigned128 = unsigned __int128;

/// Divides without a division, which for 64 bits would be a subroutine of the device. For numbers n of up to w - 1
/// bits, w those of Word: with shift = ceil(log2 d) and multiplier = floor(2^w (2^shift - d) / d) + 1, the quotient is
/// (floor(n multiplier / 2^w) + n) / 2^shift.
template <typename Word>
struct Divisor {
  using DoubleWord = std::conditional_t<sizeof(Word) == 4, std::uint64_t, Unsigned128>;
  static constexpr int kBits = 8 * sizeof(Word);

  Word multiplier = 1;
  std::uint32_t shift = 0;

  Divisor() = default;
  /// 0 < divisor < 2^(w - 1).
  explicit Divisor(Word divisor) : shift(static_cast<std::uint32_t>(std::bit_width(divisor - 1))) {
    const DoubleWord excess = (DoubleWord{1} << shift) - divisor;
    multiplier = static_cast<Word>((excess << kBits) / divisor + 1);
  }

  RONDO_HOST_DEVICE Word quotient(Word n) const {
    return (static_cast<Word>((DoubleWord{n} * multiplier) >> kBits) + n) >> shift;
  }
};

/// Divides positions by the sizes of axes.
struct AxisDivisors {
  /// Whether every index is below 2^31: arithmetic of 32 bits is several times faster.
  bool narrow = true;
  Divisor<std::uint32_t> narrow_divisors[kMaxRank] = {};
  Divisor<std::uint64_t> wide_divisors[kMaxRank] = {};

  void set(int axis, std::int64_t size) {
    wide_divisors[axis] = Divisor<std::uint64_t>(static_cast<std::uint64_t>(size));
    if (narrow) narrow_divisors[axis] = Divisor<std::uint32_t>(static_cast<std::uint32_t>(size));
  }

  RONDO_HOST_DEVICE std::int64_t quotient(int axis, std::int64_t index) const {
    if (narrow) return narrow_divisors[axis].quotient(static_cast<std::uint32_t>(index));
    return static_cast<std::int64_t>(wide_divisors[axis].quotient(static_cast<std::uint64_t>(index)));
  }
};

/// The offset of element `index` in each of kOperands tensors. Axes are innermost first.
template <std::size_t kOperands>
struct StridedIndex {
  int rank = 0;
  std::int64_t sizes[kMaxRank] = {};
  AxisDivisors divisors = {};
  std::int64_t strides[kMaxRank][kOperands] = {};

  StridedIndex() = default;
  explicit StridedIndex(const LoopNest<kOperands>& nest)
      : rank(nest.shape.rank()), divisors{.narrow = nest.shape.numel() < (std::int64_t{1} << 31)} {
    for (int axis = 0; axis < rank; ++axis) {
      const int from = rank - 1 - axis;
      sizes[axis] = nest.shape[from];
      if (sizes[axis] > 0) divisors.set(axis, sizes[axis]);
      for (std::size_t k = 0; k < kOperands; ++k) strides[axis][k] = nest.strides[k][from];
    }
  }

  RONDO_HOST_DEVICE void offsets(std::int64_t index, std::int64_t (&offsets)[kOperands]) const {
    for (std::size_t k = 0; k < kOperands; ++k) offsets[k] = 0;
    for (int axis = 0; axis < rank; ++axis) {
      std::int64_t position = index;
      if (axis + 1 < rank) {  // of the outermost axis nothing is left over
        index = divisors.quotient(axis, index);
        position -= index * sizes[axis];
      }
      for (std::size_t k = 0; k < kOperands; ++k) offsets[k] += position * strides[axis][k];
    }
  }
};

}  // namespace rondo
