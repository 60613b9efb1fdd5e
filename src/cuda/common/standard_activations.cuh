/// The activations that nearly every LSTM and GRU has, tanh and sigmoid, known when the kernel is compiled.
///
/// Their exact versions would add 0.4 microseconds to a step on an H200. These versions are within 2e-7 of the exact
/// ones, which is below the rounding of the sums that they are applied to.
#pragma once

#include "cuda/device/approximate.cuh"
#include "vocabulary/activations/activate.h"

namespace rondo {

/// A Formula takes this type in place of Activations.
struct StandardActivations {
  struct Tanh {};
  struct Sigmoid {};

  Tanh state;
  Sigmoid gate;
};

/// exp(factor x), where the factor becomes part of a constant.
RONDO_HOST_DEVICE inline float approximate_exp(float factor, float x) {
  constexpr float kLog2E = 1.44269504088896341F;
  return device::approximate_exp2(factor * kLog2E * x);
}

/// 1 / (1 + e^-x)
RONDO_HOST_DEVICE inline float activate(StandardActivations::Sigmoid, float x) {
  return device::approximate_reciprocal(1.0F + approximate_exp(-1.0F, x));
}

/// 1 - 2 / (e^2x + 1); where that cancels, for small |x|, the series x - x^3/3 + 2x^5/15 - 17x^7/315 + 62x^9/2835
RONDO_HOST_DEVICE inline float activate(StandardActivations::Tanh, float x) {
  constexpr float kSeriesBelow = 0.25F;  // where the next term of the series is below 1e-8 x
  const float square = x * x;
  float factor = 62.0F / 2835.0F;
  factor = factor * square - 17.0F / 315.0F;
  factor = factor * square + 2.0F / 15.0F;
  factor = factor * square - 1.0F / 3.0F;
  const float series = x + x * square * factor;
  const float quotient = std::fma(-2.0F, device::approximate_reciprocal(approximate_exp(2.0F, x) + 1.0F), 1.0F);
  return std::abs(x) < kSeriesBelow ? series : quotient;
}

RONDO_HOST_DEVICE inline double activate(StandardActivations::Sigmoid, double x) { return formula::sigmoid(x); }
RONDO_HOST_DEVICE inline double activate(StandardActivations::Tanh, double x) { return formula::tanh(x); }

/// The derivatives where the activations have the value y, which is what is kept of them.
template <typename Real>
RONDO_HOST_DEVICE Real derivative_at_kept(StandardActivations::Sigmoid, Real y) {
  return formula::basic_slope(ActivationKind::sigmoid, y);
}
template <typename Real>
RONDO_HOST_DEVICE Real derivative_at_kept(StandardActivations::Tanh, Real y) {
  return formula::basic_slope(ActivationKind::tanh, y);
}

}  // namespace rondo
