/// Relatives of sigmoid and tanh, and what is made of them.
#pragma once

#include "vocabulary/activations/formula.h"

namespace rondo::formula {

/// x hard_sigmoid(x) with the hard_sigmoid of Keras 3, also called hard_swish
struct HardSilu : OfKeras<ActivationKind::hard_silu> {
  static constexpr std::string_view kName = "hard_silu";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x * hard_sigmoid_keras3(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    const Real y = hard_sigmoid_keras3(x);
    return y > Real(0) && y < Real(1) ? y + x / Real(6) : y;
  }
};

/// clip(x, -1, 1)
struct HardTanh : OfKeras<ActivationKind::hard_tanh> {
  static constexpr std::string_view kName = "hard_tanh";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return clip(x, Real(-1), Real(1));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return magnitude(x) <= Real(1) ? Real(1) : Real(0);
  }
};

/// x / (1 + |x|)
struct Softsign : OfKeras<ActivationKind::softsign> {
  static constexpr std::string_view kName = "softsign";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return x / (Real(1) + magnitude(x));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    const Real divisor = Real(1) + magnitude(x);
    return Real(1) / divisor / divisor;
  }
};

/// x - tanh(x)
struct TanhShrink : OfKeras<ActivationKind::tanh_shrink> {
  static constexpr std::string_view kName = "tanh_shrink";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return tanh_shrink(x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    const Real y = tanh(x);
    return y * y;
  }
};

/// (x + sqrt(x^2 + b)) / 2, for negative x as b / (2 (sqrt(x^2 + b) - x)), which does not cancel
struct Squareplus : OfKeras<ActivationKind::squareplus> {
  static constexpr std::string_view kName = "squareplus";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"b"};
  static constexpr double kAlpha = 4;

  template <typename Real>
  RONDO_HOST_DEVICE static Real root(Real x, const Parameters<Real>& p) {
    using std::hypot;
    using std::sqrt;
    return hypot(x, sqrt(p.alpha));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    const Real both = Real(0.5) * magnitude(x) + Real(0.5) * root(x, p);
    return x < Real(0) ? Real(0.25) * p.alpha / both : both;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    const Real size = root(x, p);
    const Real both = Real(0.5) * magnitude(x) + Real(0.5) * size;
    return (x < Real(0) ? Real(0.25) * p.alpha / both : both) / size;
  }
};

/// 0 up to -1, x from 1 on, between them (x + 1)^2 / 4
struct SparsePlus : OfKeras<ActivationKind::sparse_plus> {
  static constexpr std::string_view kName = "sparse_plus";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    const Real half = Real(0.5) * (x + Real(1));
    return x <= Real(-1) ? Real(0) : (x < Real(1) ? half * half : x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return clip(Real(0.5) * (x + Real(1)), Real(0), Real(1));
  }
};

/// clip((x + 1) / 2, 0, 1)
struct SparseSigmoid : OfKeras<ActivationKind::sparse_sigmoid> {
  static constexpr std::string_view kName = "sparse_sigmoid";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return clip(Real(0.5) * (x + Real(1)), Real(0), Real(1));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return magnitude(x) < Real(1) ? Real(0.5) : Real(0);
  }
};

/// alpha tanh(beta x): ONNX's ScaledTanh
struct ScaledTanh : NotOfKeras<ActivationKind::scaled_tanh> {
  static constexpr std::string_view kName = "scaled_tanh";
  static constexpr int kParameters = 2;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha", "beta"};
  static constexpr double kAlpha = 1;
  static constexpr double kBeta = 1;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return p.alpha * tanh(p.beta * x);
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    const Real y = tanh(p.beta * x);
    return p.alpha * p.beta * (Real(1) - y * y);
  }
};

/// clip(alpha x + beta, 0, 1): ONNX's HardSigmoid
struct HardSigmoidOnnx : NotOfKeras<ActivationKind::hard_sigmoid_onnx> {
  static constexpr std::string_view kName = "hard_sigmoid_onnx";
  static constexpr int kParameters = 2;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha", "beta"};
  static constexpr double kAlpha = 0.2;
  static constexpr double kBeta = 0.5;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return clip(p.alpha * x + p.beta, Real(0), Real(1));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    const Real y = p.alpha * x + p.beta;
    return y > Real(0) && y < Real(1) ? p.alpha : Real(0);
  }
};

}  // namespace rondo::formula
