/// What the formula of an activation is: a struct of static host-device functions, one for each ActivationKind.
///
///     kKind                   its ActivationKind
///     kName                   its name
///     kInKeras                whether Keras has the function under this name
///     kParameters             how many parameters it has: 0 to 3
///     kParameterNames         their names, in the order alpha, beta, gamma of Activation
///     kAlpha, kBeta, kGamma   their defaults
///     value(x, parameters)    the function
///     slope(x, parameters)    its derivative; at a kink that of TensorFlow, or of Keras for what TensorFlow lacks
///
/// The six basic formulas also have slope_at_value(y), because gradients of cells keep y for them, and x for all
/// others. NaN stays NaN. Infinities give the limit where the arithmetic of Keras has one, and NaN where it has none.
#pragma once

#include <array>
#include <string_view>

#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/host_device.h"
#include "vocabulary/activations/numbers.h"

namespace rondo::formula {

/// The parameters of an activation in the type of a computation.
template <typename Real>
struct Parameters {
  Real alpha = 0;
  Real beta = 0;
  Real gamma = 0;
};

/// The defaults of a formula's members.
template <ActivationKind kOfKind>
struct OfKeras {
  static constexpr ActivationKind kKind = kOfKind;
  static constexpr bool kInKeras = true;
  static constexpr int kParameters = 0;
  static constexpr std::array<std::string_view, 3> kParameterNames{};
  static constexpr double kAlpha = 0;
  static constexpr double kBeta = 0;
  static constexpr double kGamma = 0;
};

/// As OfKeras, for what Keras does not have under this name.
template <ActivationKind kOfKind>
struct NotOfKeras : OfKeras<kOfKind> {
  static constexpr bool kInKeras = false;
};

}  // namespace rondo::formula
