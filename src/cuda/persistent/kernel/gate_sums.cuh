/// Sums of one unit for the gates of a phase: neighbours in memory, so that the four of an LSTM move as one. Floor 4.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/device/words.h"

namespace rondo {

/// Aligned to 16 bytes where there are four.
template <int kGates>
__device__ inline void read_gates(const float* source, float (&sums)[kGates]) {
  if constexpr (kGates == 4) {
    const device::Words4 words = *reinterpret_cast<const device::Words4*>(source);
    for (int gate = 0; gate < kGates; ++gate) sums[gate] = device::bits_float(words.words[gate]);
  } else {
    for (int gate = 0; gate < kGates; ++gate) sums[gate] = source[gate];
  }
}

template <int kGates>
__device__ inline void write_gates(const float (&sums)[kGates], float* target) {
  if constexpr (kGates == 4) {
    device::Words4 words;
    for (int gate = 0; gate < kGates; ++gate) words.words[gate] = device::float_bits(sums[gate]);
    *reinterpret_cast<device::Words4*>(target) = words;
  } else {
    for (int gate = 0; gate < kGates; ++gate) target[gate] = sums[gate];
  }
}

/// The kParts sums that lie `stride` apart. All are in flight before the first is used.
template <int kCount, int kParts>
__device__ inline void read_parts(const float* sums, int stride, float (&parts)[kParts][kCount]) {
  RONDO_UNROLL
  for (int k = 0; k < kParts; ++k) read_gates(sums + k * stride, parts[k]);
}

/// total[kFirst + gate] = their sum, in their order.
template <int kFirst, int kCount, int kParts, int kGates>
__device__ inline void sum_parts(const float* sums, int stride, float (&total)[kGates]) {
  float parts[kParts][kCount];
  read_parts(sums, stride, parts);
  RONDO_UNROLL
  for (int gate = 0; gate < kCount; ++gate) total[kFirst + gate] = parts[0][gate];
  RONDO_UNROLL
  for (int k = 1; k < kParts; ++k) {
    RONDO_UNROLL
    for (int gate = 0; gate < kCount; ++gate) total[kFirst + gate] += parts[k][gate];
  }
}

/// total[gate] += one of them.
template <int kGates>
__device__ inline void add_part(const float* sums, float (&total)[kGates]) {
  float part[kGates];
  read_gates(sums, part);
  for (int gate = 0; gate < kGates; ++gate) total[gate] += part[gate];
}

}  // namespace rondo
