/// Words as tensor cores take them.
///
/// Tf32x3 gets nearly f32's accuracy from products of TF32, as in NVIDIA's CUTLASS ("3xTF32") and in Ootomo and Yokota,
/// "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance"
/// (2022):
///
///     a b = (a_high + a_low) (b_high + b_low)
///
/// Three of the four products are computed. The fourth, a_low b_low, is less than 2^-22 of a b and is left out. Weights
/// and h stay whole until they are multiplied, so they need the room of f32.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/unroll.cuh"

namespace rondo {

/// The words of one operand of device::mma: four of a left operand, two of a right one.
template <typename Operand, int kWords>
struct MmaWords {
  std::uint32_t words[kWords];

  __device__ void take(const std::uint32_t (&whole)[kWords]) {
    RONDO_UNROLL
    for (int i = 0; i < kWords; ++i) words[i] = whole[i];
  }
};

/// Bits of a float that TF32 has.
inline constexpr std::uint32_t kTf32Bits = 0xffffe000U;

/// The TF32 number nearest to a finite number. device::round_to_tf32 looks for NaN as well, at twice the cost.
__device__ inline std::uint32_t finite_to_tf32(std::uint32_t bits) {
  constexpr std::uint32_t kHalf = (~kTf32Bits + 1) / 2;
  return (bits + kHalf) & kTf32Bits;
}

/// high = tf32(x), low = tf32(x - high). The remainder x - high - low of a finite x is below 2^-23 of x: x - high has
/// at most 12 bits, so that cutting its last bits off is as good as rounding. Where x is NaN or infinite, low is NaN.
template <int kWords>
struct MmaWords<device::Tf32x3, kWords> {
  std::uint32_t high[kWords];
  std::uint32_t low[kWords];

  __device__ void take(const std::uint32_t (&whole)[kWords]) {
    RONDO_UNROLL
    for (int i = 0; i < kWords; ++i) {
      // Opaque, or the compiler would split the weights, which do not change, before the first step, and keep the parts
      // in three times the registers.
      const std::uint32_t word = device::opaque(whole[i]);
      high[i] = finite_to_tf32(word);
      low[i] = device::float_bits(device::bits_float(word) - device::bits_float(high[i])) & kTf32Bits;
    }
  }
};

/// sums += a b, by device::mma.
template <typename Operand>
__device__ inline void multiply_add(const MmaWords<Operand, 4>& a, const MmaWords<Operand, 2>& b, float (&sums)[4]) {
  device::mma(Operand{}, a.words, b.words, sums);
}

/// sums += a b: the smallest products are added first, to the same sums, as in CUTLASS. Ootomo and Yokota add the sums
/// of a tile outside of the tensor cores, which cut off the bits that a sum has no room for. The compiler would
/// interleave such independent chains, and there are no registers for their sums.
__device__ inline void multiply_add(const MmaWords<device::Tf32x3, 4>& a, const MmaWords<device::Tf32x3, 2>& b,
                                    float (&sums)[4]) {
  device::mma(device::Tf32{}, a.low, b.high, sums);
  device::mma(device::Tf32{}, a.high, b.low, sums);
  device::mma(device::Tf32{}, a.high, b.high, sums);
}

}  // namespace rondo
