/// Conversion of elements in kernels.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/thread.cuh"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::device {

/// As rondo::convert_element, bit for bit except for the payload of a NaN. The device's instructions convert 16-bit
/// floats.
template <typename To, typename From>
__device__ inline To convert_element(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (kIs16Bit<From>) {
    return device::convert_element<To>(to_float(value));
  } else if constexpr (kIs16Bit<To>) {
    To result;
    from_float(static_cast<float>(value), result);
    return result;
  } else {
    return convert_number<To>(value);
  }
}

}  // namespace rondo::device
