/// An f32 as the sum of two bf16.
#pragma once

#include <cmath>

#include "rondo/vocabulary/float16.h"

namespace rondo::fused {

struct SplitNumber {
  BFloat16 high;
  BFloat16 low;
};

/// high + low is within 2^-18 of the value, as long as `low` is no denormal number. A finite value has a finite `high`,
/// which is cut off where it would be rounded to infinity. The `low` of an infinity or NaN is zero.
inline SplitNumber split(float value) {
  BFloat16 high(value);
  if (!std::isfinite(value)) return {high, BFloat16(0.0F)};
  if (!std::isfinite(static_cast<float>(high))) --high.bits;
  return {high, BFloat16(value - static_cast<float>(high))};
}

}  // namespace rondo::fused
