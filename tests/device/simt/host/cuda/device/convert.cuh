/// The host's version of src/cuda/device/convert.cuh.
#pragma once

#include <bit>
#include <cstdint>

#include "cuda/device/thread.cuh"
#include "rondo/vocabulary/float16.h"

namespace rondo::device {

inline float to_float(float value) { return value; }
inline float to_float(Float16 value) { return static_cast<float>(value); }
inline float to_float(BFloat16 value) { return static_cast<float>(value); }

template <typename Element>
void from_float(float value, Element& result) {
  result = Element(value);
}

template <typename Element>
std::uint32_t pair_of(float low, float high, Element) {
  return static_cast<std::uint32_t>(Element(high).bits) << 16U | Element(low).bits;
}

inline std::uint32_t float_bits(float value) { return std::bit_cast<std::uint32_t>(value); }
inline float bits_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }

}  // namespace rondo::device
