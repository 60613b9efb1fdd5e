/// Activation functions: one formula for each, which ops and cells share on host and device.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// The activations that a cell may have, by Keras's names. `hard_sigmoid` is the function of Keras 1 and 2;
/// `hard_sigmoid_keras3` is the function that Keras 3 and PyTorch call hard_sigmoid.
enum class Activation : std::uint8_t { linear, tanh, sigmoid, hard_sigmoid, hard_sigmoid_keras3, relu };

/// The name of an activation: "tanh", ...
std::string to_string(Activation activation);

/// The activation of this name. Throws `ValueError` listing the known names.
Activation activation_from_name(const std::string& name);

namespace formula {

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

}  // namespace formula

/// The value of `activation` at `x`.
template <typename Real>
RONDO_HOST_DEVICE Real activate(Activation activation, Real x) {
  switch (activation) {
    case Activation::tanh: return formula::tanh(x);
    case Activation::sigmoid: return formula::sigmoid(x);
    case Activation::hard_sigmoid: return formula::hard_sigmoid(x);
    case Activation::hard_sigmoid_keras3: return formula::hard_sigmoid_keras3(x);
    case Activation::relu: return formula::relu(x);
    case Activation::linear: break;
  }
  return x;
}

/// The derivative of `activation` at the x where its value is `y`: all of them follow from their values. Where
/// TensorFlow has a kink, the derivative is TensorFlow's: relu and Keras 3's hard_sigmoid have 0 there. So has Keras
/// 2's hard_sigmoid, whose derivative in TensorFlow is 0.2 at exactly -2.5 and 2.5.
template <typename Real>
RONDO_HOST_DEVICE Real derivative_at_value(Activation activation, Real y) {
  const bool between = y > Real(0) && y < Real(1);
  switch (activation) {
    case Activation::tanh: return Real(1) - y * y;
    case Activation::sigmoid: return y * (Real(1) - y);
    case Activation::hard_sigmoid: return between ? Real(0.2) : Real(0);
    case Activation::hard_sigmoid_keras3: return between ? Real(1) / Real(6) : Real(0);
    case Activation::relu: return y > Real(0) ? Real(1) : Real(0);
    case Activation::linear: break;
  }
  return Real(1);
}

/// Whether all values of `activation` are within -1 and 1.
constexpr bool is_bounded(Activation activation) {
  return activation != Activation::linear && activation != Activation::relu;
}

}  // namespace rondo
