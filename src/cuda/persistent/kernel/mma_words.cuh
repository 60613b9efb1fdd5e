/// Words as tensor cores take them. Floor 4.
///
/// Tf32x3 has f32's accuracy, nearly, from products of TF32, as in NVIDIA's CUTLASS ("3xTF32") and in Ootomo and
/// Yokota, "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak
/// performance" (2022): of
///
///     a b = (a_high + a_low) (b_high + b_low)
///
/// all but a_low b_low is multiplied, which is less than 2^-22 of it. Weights and h stay whole until they are
/// multiplied, so they need the room of f32.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/unroll.cuh"

namespace rondo {

/// A left operand has four words, a right one two.
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

/// The nearest TF32 number to a finite one. device::round_to_tf32 looks for NaN as well, at twice the cost.
__device__ inline std::uint32_t finite_to_tf32(std::uint32_t bits) {
  constexpr std::uint32_t kHalf = (~kTf32Bits + 1) / 2;
  return (bits + kHalf) & kTf32Bits;
}

/// high = tf32(x), low = tf32(x - high). What is left of a finite number is below 2^-23 of it: x - high has 12 bits at
/// most, so that cutting it off is as good as rounding. Where x is NaN or infinite, low is NaN.
template <int kWords>
struct MmaWords<device::Tf32x3, kWords> {
  std::uint32_t high[kWords];
  std::uint32_t low[kWords];

  __device__ void take(const std::uint32_t (&whole)[kWords]) {
    RONDO_UNROLL
    for (int i = 0; i < kWords; ++i) {
      // Weights are the same in each step: split ahead, they would take three times the registers.
      const std::uint32_t word = device::opaque(whole[i]);
      high[i] = finite_to_tf32(word);
      low[i] = device::float_bits(device::bits_float(word) - device::bits_float(high[i])) & kTf32Bits;
    }
  }
};

/// sums += a b, as device::mma.
template <typename Operand>
__device__ inline void multiply_add(const MmaWords<Operand, 4>& a, const MmaWords<Operand, 2>& b, float (&sums)[4]) {
  device::mma(Operand{}, a.words, b.words, sums);
}

/// The least products first, into the same sums, as in CUTLASS. Ootomo and Yokota add the sums of a tile outside of the
/// tensor cores, which cut off what a sum has no bits for; but chains that do not depend on each other are multiplied
/// at once by what the compiler makes of them, and have no registers here.
__device__ inline void multiply_add(const MmaWords<device::Tf32x3, 4>& a, const MmaWords<device::Tf32x3, 2>& b,
                                    float (&sums)[4]) {
  device::mma(device::Tf32{}, a.low, b.high, sums);
  device::mma(device::Tf32{}, a.high, b.low, sums);
  device::mma(device::Tf32{}, a.high, b.high, sums);
}

}  // namespace rondo
