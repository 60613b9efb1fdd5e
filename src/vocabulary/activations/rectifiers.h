/// Activations that are straight lines cut at thresholds.
#pragma once

#include <limits>

#include "vocabulary/activations/formula.h"

namespace rondo::formula {

/// The greatest finite number.
template <typename Real>
inline constexpr Real kGreatest = std::numeric_limits<Real>::max();

/// clip(x, 0, 6)
struct Relu6 : OfKeras<ActivationKind::relu6> {
  static constexpr std::string_view kName = "relu6";

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>&) {
    return clip(x, Real(0), Real(6));
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>&) {
    return x > Real(0) && x < Real(6) ? Real(1) : Real(0);
  }
};

/// x, below zero negative_slope x
struct LeakyRelu : OfKeras<ActivationKind::leaky_relu> {
  static constexpr std::string_view kName = "leaky_relu";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"negative_slope"};
  static constexpr double kAlpha = 0.2;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return x < Real(0) ? p.alpha * x : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return x > Real(0) ? Real(1) : p.alpha;
  }
};

/// Above the threshold x, which a max_value cuts to [0, max_value]; else negative_slope (x - threshold)
struct GeneralRelu : NotOfKeras<ActivationKind::general_relu> {
  static constexpr std::string_view kName = "general_relu";
  static constexpr int kParameters = 3;
  static constexpr std::array<std::string_view, 3> kParameterNames{"negative_slope", "max_value", "threshold"};
  static constexpr double kBeta = std::numeric_limits<double>::infinity();

  template <typename Real>
  RONDO_HOST_DEVICE static bool has_max(const Parameters<Real>& p) {
    return p.beta <= kGreatest<Real>;
  }

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    if (x > p.gamma) return has_max(p) ? clip(x, Real(0), p.beta) : x;
    if (x != x) return x;
    return p.alpha == Real(0) ? Real(0) : p.alpha * (x - p.gamma);
  }
  /// At the threshold 0, at max_value 1, as in Keras; but without both Keras takes leaky_relu, and for a max_value of
  /// 6 relu6, which have the other derivatives there.
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    const bool is_leaky = p.gamma == Real(0) && !has_max(p);
    if (x < p.gamma || is_leaky) return x > p.gamma ? Real(1) : p.alpha;
    if (!(x > p.gamma)) return Real(0);
    const bool is_relu6 = p.beta == Real(6) && p.gamma == Real(0);
    const bool above = is_relu6 ? x >= p.beta : x > p.beta;
    return has_max(p) && (above || x < Real(0)) ? Real(0) : Real(1);
  }
};

/// x, from -t to t zero
struct HardShrink : OfKeras<ActivationKind::hard_shrink> {
  static constexpr std::string_view kName = "hard_shrink";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"threshold"};
  static constexpr double kAlpha = 0.5;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return magnitude(x) <= p.alpha ? Real(0) : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return magnitude(x) > p.alpha ? Real(1) : Real(0);
  }
};

/// x moved by t towards zero; from -t to t zero
struct SoftShrink : OfKeras<ActivationKind::soft_shrink> {
  static constexpr std::string_view kName = "soft_shrink";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"threshold"};
  static constexpr double kAlpha = 0.5;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    if (magnitude(x) <= p.alpha) return Real(0);
    return x < Real(0) ? x + p.alpha : x - p.alpha;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return magnitude(x) > p.alpha ? Real(1) : Real(0);
  }
};

/// x above the threshold, else `value`. Keras's function of this name has no defaults, so that it is no activation.
struct Threshold : NotOfKeras<ActivationKind::threshold> {
  static constexpr std::string_view kName = "threshold";
  static constexpr int kParameters = 2;
  static constexpr std::array<std::string_view, 3> kParameterNames{"threshold", "value"};

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return x <= p.alpha ? p.beta : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return x > p.alpha ? Real(1) : Real(0);
  }
};

/// x from alpha on, else zero: ONNX's ThresholdedRelu, as the pages of the recurrent operators have it
struct ThresholdedRelu : NotOfKeras<ActivationKind::thresholded_relu> {
  static constexpr std::string_view kName = "thresholded_relu";
  static constexpr int kParameters = 1;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha"};
  static constexpr double kAlpha = 1;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return x < p.alpha ? Real(0) : x;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real x, const Parameters<Real>& p) {
    return x >= p.alpha ? Real(1) : Real(0);
  }
};

/// alpha x + beta: ONNX's Affine
struct Affine : NotOfKeras<ActivationKind::affine> {
  static constexpr std::string_view kName = "affine";
  static constexpr int kParameters = 2;
  static constexpr std::array<std::string_view, 3> kParameterNames{"alpha", "beta"};
  static constexpr double kAlpha = 1;

  template <typename Real>
  RONDO_HOST_DEVICE static Real value(Real x, const Parameters<Real>& p) {
    return p.alpha * x + p.beta;
  }
  template <typename Real>
  RONDO_HOST_DEVICE static Real slope(Real, const Parameters<Real>& p) {
    return p.alpha;
  }
};

}  // namespace rondo::formula
