/// Functions of the device's special units: one instruction each, within 2^-22 of the exact value. Host code, which has
/// no such units, computes the exact value.
#pragma once

#include <cmath>

#include "rondo/vocabulary/host_device.h"

namespace rondo::device {

/// 2^x
RONDO_HOST_DEVICE inline float approximate_exp2(float x) {
#if defined(__CUDA_ARCH__)
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#else
  return std::exp2(x);
#endif
}

/// 1 / x
RONDO_HOST_DEVICE inline float approximate_reciprocal(float x) {
#if defined(__CUDA_ARCH__)
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#else
  return 1.0F / x;
#endif
}

}  // namespace rondo::device
