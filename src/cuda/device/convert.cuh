/// Conversions between stored elements and the floats that kernels compute with: one instruction each, which rounds to
/// nearest even.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "rondo/vocabulary/float16.h"

namespace rondo::device {

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(Float16 value) { return __half2float(__ushort_as_half(value.bits)); }
__device__ inline float to_float(BFloat16 value) { return __bfloat162float(__ushort_as_bfloat16(value.bits)); }

__device__ inline void from_float(float value, float& result) { result = value; }
__device__ inline void from_float(float value, Float16& result) {
  result.bits = __half_as_ushort(__float2half_rn(value));
}
__device__ inline void from_float(float value, BFloat16& result) {
  result.bits = __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

/// Two 16-bit numbers in a word, the first in its low half: one instruction.
__device__ inline std::uint32_t pair_of(float low, float high, Float16) {
  const __half2 pair = __floats2half2_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}
__device__ inline std::uint32_t pair_of(float low, float high, BFloat16) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

/// The bits of a float.
__device__ inline std::uint32_t float_bits(float value) { return __float_as_uint(value); }
__device__ inline float bits_float(std::uint32_t bits) { return __uint_as_float(bits); }

}  // namespace rondo::device
