/// Functions of one number that activations are made of, for host and device.
#pragma once

#include <cmath>

#include "rondo/vocabulary/host_device.h"

namespace rondo::formula {

/// The hyperbolic tangent.
template <typename Real>
RONDO_HOST_DEVICE Real tanh(Real x) {
  using std::tanh;
  return tanh(x);
}

/// 1 / (1 + e^-x). For very negative x, e^-x is infinite and the quotient is 0, which is the right value.
template <typename Real>
RONDO_HOST_DEVICE Real sigmoid(Real x) {
  using std::exp;
  return Real(1) / (Real(1) + exp(-x));
}

/// min(max(x, low), high), with NaN kept.
template <typename Real>
RONDO_HOST_DEVICE Real clip(Real x, Real low, Real high) {
  return x < low ? low : (x > high ? high : x);
}

/// clip(0.2 x + 0.5, 0, 1): Keras 1 and 2.
template <typename Real>
RONDO_HOST_DEVICE Real hard_sigmoid(Real x) {
  return clip(Real(0.2) * x + Real(0.5), Real(0), Real(1));
}

/// clip(x / 6 + 0.5, 0, 1): Keras 3 and PyTorch.
template <typename Real>
RONDO_HOST_DEVICE Real hard_sigmoid_keras3(Real x) {
  return clip(x / Real(6) + Real(0.5), Real(0), Real(1));
}

/// max(x, 0), with NaN kept.
template <typename Real>
RONDO_HOST_DEVICE Real relu(Real x) {
  return x < Real(0) ? Real(0) : x;
}

/// |x|
template <typename Real>
RONDO_HOST_DEVICE Real magnitude(Real x) {
  using std::fabs;
  return fabs(x);
}

/// e^x
template <typename Real>
RONDO_HOST_DEVICE Real exponential(Real x) {
  using std::exp;
  return exp(x);
}

/// e^x - 1
template <typename Real>
RONDO_HOST_DEVICE Real exponential_minus_one(Real x) {
  using std::expm1;
  return expm1(x);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which neither overflows nor cancels.
template <typename Real>
RONDO_HOST_DEVICE Real softplus(Real x) {
  using std::log1p;
  return relu(x) + log1p(exponential(-magnitude(x)));
}

/// The normal distribution, 0.5 (1 + erf(x / sqrt(2))), by erfc, which does not cancel.
template <typename Real>
RONDO_HOST_DEVICE Real normal_distribution(Real x) {
  using std::erfc;
  return Real(0.5) * erfc(-Real(0.70710678118654752440) * x);
}

/// e^(-x^2 / 2) / sqrt(2 pi)
template <typename Real>
RONDO_HOST_DEVICE Real normal_density(Real x) {
  return Real(0.39894228040143267794) * exponential(-Real(0.5) * x * x);
}

/// tanh(softplus(x)) = w / (w + 2) with w = e^x (e^x + 2). From 20 on w is beyond what matters and may overflow.
template <typename Real>
RONDO_HOST_DEVICE Real tanh_of_softplus(Real x) {
  if (x > Real(20)) return Real(1);
  const Real power = exponential(x);
  const Real w = power * (power + Real(2));
  return w / (w + Real(2));
}

/// x - tanh(x). Where the difference cancels, the series x^3/3 - 2 x^5/15 + 17 x^7/315 - ... of it.
template <typename Real>
RONDO_HOST_DEVICE Real tanh_shrink(Real x) {
  constexpr Real kSeriesBelow = sizeof(Real) == sizeof(float) ? Real(0.5) : Real(0.125);
  if (!(magnitude(x) < kSeriesBelow)) return x - tanh(x);
  const Real square = x * x;
  Real sum = Real(-929569.0 / 638512875.0);
  sum = sum * square + Real(21844.0 / 6081075.0);
  sum = sum * square - Real(1382.0 / 155925.0);
  sum = sum * square + Real(62.0 / 2835.0);
  sum = sum * square - Real(17.0 / 315.0);
  sum = sum * square + Real(2.0 / 15.0);
  sum = sum * square - Real(1.0 / 3.0);
  return -x * square * sum;
}

}  // namespace rondo::formula
