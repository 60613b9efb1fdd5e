/// Activations made of powers of e: linear units with an exponential part, and smooth relatives of relu.
#pragma once

#include "vocabulary/activations/formula.h"

namespace rondo::formula {

/// x, below zero alpha (e^x - 1)
struct Elu : OfKeras<ActivationKind::elu> {
  static constexpr std::string_view kName = "elu";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha"};
  static constexpr double kAlpha = 1;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return x < Real(0) ? p.alpha * exponential_minus_one(x) : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return x > Real(0) ? Real(1) : p.alpha * exponential(x);
  }
};

/// s x, below zero s a (e^x - 1), with the s and a of Klambauer et al. 2017
struct Selu : OfKeras<ActivationKind::selu> {
  static constexpr std::string_view kName = "selu";
  static constexpr double kScale = 1.05070098735548049342;
  static constexpr double kScaledAlpha = 1.75809934084737685994;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x < Real(0) ? Real(kScaledAlpha) * exponential_minus_one(x) : Real(kScale) * x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return x < Real(0) ? Real(kScaledAlpha) * exponential(x) : (x >= Real(0) ? Real(kScale) : x);
  }
};

/// x, below zero alpha (e^(x / alpha) - 1)
struct Celu : OfKeras<ActivationKind::celu> {
  static constexpr std::string_view kName = "celu";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha"};
  static constexpr double kAlpha = 1;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return x < Real(0) ? p.alpha * exponential_minus_one(x / p.alpha) : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return x > Real(0) ? Real(1) : exponential(x / p.alpha);
  }
};

/// x sigmoid(x), also called swish
struct Silu : OfKeras<ActivationKind::silu> {
  static constexpr std::string_view kName = "silu";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x * sigmoid(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return sigmoid(x) * (Real(1) + x * sigmoid(-x));
  }
};

/// x Phi(x), with the normal distribution Phi
struct Gelu : OfKeras<ActivationKind::gelu> {
  static constexpr std::string_view kName = "gelu";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x * normal_distribution(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return normal_distribution(x) + x * normal_density(x);
  }
};

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, where (1 + tanh(u)) / 2 is sigmoid(2 u)
struct GeluTanh : NotOfKeras<ActivationKind::gelu_tanh> {
  static constexpr std::string_view kName = "gelu_tanh";
  static constexpr double kFactor = 1.59576912160573071176;  // 2 sqrt(2 / pi)
  static constexpr double kCubic = 0.044715;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x * sigmoid(Real(kFactor) * x * (Real(1) + Real(kCubic) * x * x));
  }
  /// Where x^3 overflows, the second sigmoid is 0, and the product is not to be 0 times infinity.
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    const Real u = Real(kFactor) * x * (Real(1) + Real(kCubic) * x * x);
    const Real s = sigmoid(u);
    const Real rest = sigmoid(-u);
    if (s * rest == Real(0)) return s;
    return s + x * s * rest * Real(kFactor) * (Real(1) + Real(3 * kCubic) * x * x);
  }
};

/// x tanh(softplus(x))
struct Mish : OfKeras<ActivationKind::mish> {
  static constexpr std::string_view kName = "mish";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x * tanh_of_softplus(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    const Real y = tanh_of_softplus(x);
    return y + x * sigmoid(x) * (Real(1) - y * y);
  }
};

/// log(1 + e^x)
struct Softplus : OfKeras<ActivationKind::softplus> {
  static constexpr std::string_view kName = "softplus";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return softplus(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return sigmoid(x);
  }
};

/// e^x
struct Exponential : OfKeras<ActivationKind::exponential> {
  static constexpr std::string_view kName = "exponential";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return exponential(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return exponential(x);
  }
};

/// log(sigmoid(x)) = -softplus(-x)
struct LogSigmoid : OfKeras<ActivationKind::log_sigmoid> {
  static constexpr std::string_view kName = "log_sigmoid";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return -softplus(-x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return sigmoid(-x);
  }
};

}  // namespace rondo::formula
