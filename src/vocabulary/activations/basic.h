/// The six activations that every executor but cuDNN's has. Their derivatives follow from their values.
#pragma once

#include "vocabulary/activations/formula.h"

namespace rondo::formula {

/// The value of `activation`, one of the six, at `x`.
template <typename Real>
RONDO_HOST_DEVICE Real basic_value(ActivationKind activation, Real x) {
  switch (activation) {
    case ActivationKind::tanh: return tanh(x);
    case ActivationKind::sigmoid: return sigmoid(x);
    case ActivationKind::hard_sigmoid: return hard_sigmoid(x);
    case ActivationKind::hard_sigmoid_keras3: return hard_sigmoid_keras3(x);
    case ActivationKind::relu: return relu(x);
    default: break;
  }
  return x;
}

/// The derivative of `activation`, one of the six, at the x where its value is `y`. relu and Keras 3's hard_sigmoid
/// have 0 at their kinks, as in TensorFlow. So has Keras 2's hard_sigmoid, whose derivative in TensorFlow is 0.2 at
/// exactly -2.5 and 2.5.
template <typename Real>
RONDO_HOST_DEVICE Real basic_slope(ActivationKind activation, Real y) {
  const bool between = y > Real(0) && y < Real(1);
  switch (activation) {
    case ActivationKind::tanh: return Real(1) - y * y;
    case ActivationKind::sigmoid: return y * (Real(1) - y);
    case ActivationKind::hard_sigmoid: return between ? Real(0.2) : Real(0);
    case ActivationKind::hard_sigmoid_keras3: return between ? Real(1) / Real(6) : Real(0);
    case ActivationKind::relu: return y > Real(0) ? Real(1) : Real(0);
    default: break;
  }
  return Real(1);
}

/// The formula of one of the six.
template <typename Self>
struct Basic {
  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return basic_value(Self::kKind, x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return basic_slope(Self::kKind, basic_value(Self::kKind, x));
  }
};

struct Linear : OfKeras<ActivationKind::linear>, Basic<OfKeras<ActivationKind::linear>> {
  static constexpr std::string_view kName = "linear";
};

struct Tanh : OfKeras<ActivationKind::tanh>, Basic<OfKeras<ActivationKind::tanh>> {
  static constexpr std::string_view kName = "tanh";
};

struct Sigmoid : OfKeras<ActivationKind::sigmoid>, Basic<OfKeras<ActivationKind::sigmoid>> {
  static constexpr std::string_view kName = "sigmoid";
};

struct HardSigmoid : OfKeras<ActivationKind::hard_sigmoid>, Basic<OfKeras<ActivationKind::hard_sigmoid>> {
  static constexpr std::string_view kName = "hard_sigmoid";
};

struct HardSigmoidKeras3 : NotOfKeras<ActivationKind::hard_sigmoid_keras3>,
                           Basic<OfKeras<ActivationKind::hard_sigmoid_keras3>> {
  static constexpr std::string_view kName = "hard_sigmoid_keras3";
};

struct Relu : OfKeras<ActivationKind::relu>, Basic<OfKeras<ActivationKind::relu>> {
  static constexpr std::string_view kName = "relu";
};

}  // namespace rondo::formula
