/// Sums of one unit for the gates of a phase. They are neighbours in memory, so that the four of an LSTM move as one.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/device/words.h"

namespace rondo {

/// `source` is aligned to 16 bytes where there are four gates.
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

/// Reads kParts sums that lie `stride` apart. All loads are in flight before the first sum is used.
template <int kCount, int kParts>
__device__ inline void read_parts(const float* sums, int stride, float (&parts)[kParts][kCount]) {
  RONDO_UNROLL
  for (int k = 0; k < kParts; ++k) read_gates(sums + k * stride, parts[k]);
}

/// total[kFirst + gate] = the sum of the kParts parts of a gate, in the order of the parts.
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

/// total[gate] += the part of a gate at `sums`.
template <int kGates>
__device__ inline void add_part(const float* sums, float (&total)[kGates]) {
  float part[kGates];
  read_gates(sums, part);
  for (int gate = 0; gate < kGates; ++gate) total[gate] += part[gate];
}

}  // namespace rondo
