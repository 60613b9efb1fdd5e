// Values and derivatives of all activations against those of Keras 3, Keras 2 and ONNX Runtime, over all exponents:
// owners/generate.py writes the files.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "rondo/formats/numpy_file.h"
#include "rondo/vocabulary/activation.h"
#include "vocabulary/activations/activate.h"

namespace rondo {
namespace {

struct Owner {
  const char* name;
  double of_one;  ///< its own error, of one: ONNX Runtime computes in f32, with approximate functions
};

class Owners : public testing::TestWithParam<Owner> {};

template <typename Real>
double computed(const Activation& activation, const std::string& what, double x) {
  const Real input = static_cast<Real>(x);
  const Real value = activate(activation, input);
  return what == "value" ? value : derivative_at(activation, input, value);
}

/// Whether `actual` is right where the owner has NaN at an infinite x: NaN too, or the limit.
template <typename Real>
bool is_limit(const Activation& activation, const std::string& what, double x, double actual) {
  if (std::isnan(actual)) return true;
  const double before = computed<Real>(activation, what, std::copysign(std::numeric_limits<Real>::max(), x));
  return std::isinf(actual) || std::abs(actual - before) < 1e-30;
}

/// Where an owner differs from its own page: Keras's celu has the derivative 2 at 0, TensorFlow's selu takes a negative
/// x whose e^x rounds to 1 for 0, and ONNX Runtime's ThresholdedRelu is 0 at alpha.
bool owner_differs(const Activation& activation, const std::string& what, double x) {
  if (activation.kind == Activation::thresholded_relu) return x == activation.alpha;
  if (what != "slope") return false;
  if (activation == Activation::hard_sigmoid) return std::abs(x) == 2.5;  // docs/semantics.md
  return std::abs(x) < 1e-15 && (activation == Activation::selu || (activation.kind == Activation::celu && x == 0));
}

/// How many units in the last place a right value may be off. The argument of a power of e is rounded, which e^(-x^2 /
/// 2) multiplies by x^2.
double units_at(const Activation& activation, double x) {
  const bool has_square = activation.kind == Activation::gelu || activation.kind == Activation::gelu_tanh;
  return has_square ? 16 + 2 * std::min(x * x, 200.0) : 16;
}

/// TensorFlow rounds constants of these to f32 in f64 as well.
bool has_rounded_constants(ActivationKind kind) {
  return kind == Activation::gelu || kind == Activation::gelu_tanh || kind == Activation::leaky_relu;
}

/// Owners compute in f64, some by differences that cancel: such as e^x - 1, whose error is a part of one, and x -
/// tanh(x), whose error is a part of x. FloatsAreRoundedDoubles shows that Rondo's formulas do not cancel.
template <typename Real>
void compare(const Activation& activation, const std::string& what, const std::vector<double>& xs,
             const std::vector<double>& expected, double of_one) {
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const double x = xs[k];
    if (std::isnan(x) || owner_differs(activation, what, x)) continue;  // Activation.NaNStaysNaN
    const double actual = computed<Real>(activation, what, x);
    SCOPED_TRACE(to_string(activation) + " " + what + " at " + std::to_string(x) + ", of 2^" +
                 std::to_string(std::ilogb(x)) + ", in " + std::to_string(8 * sizeof(Real)) + " bits");
    if (std::isnan(expected[k])) {
      EXPECT_TRUE(std::isinf(x)) << "the owner has no NaN elsewhere";
      EXPECT_TRUE(is_limit<Real>(activation, what, x, actual)) << actual;
    } else if (std::abs(expected[k]) > std::numeric_limits<Real>::max()) {
      const bool overflowed = activation == Activation::softplus && actual == x;  // ONNX Runtime's, from 89 on
      EXPECT_TRUE(std::isinf(actual) || overflowed) << actual;
    } else {
      const double epsilon = has_rounded_constants(activation.kind) ? std::numeric_limits<float>::epsilon()
                                                                    : std::numeric_limits<Real>::epsilon();
      const double relative = units_at(activation, x) * epsilon;
      const double of_x = std::isinf(x) ? 0 : 4 * std::numeric_limits<double>::epsilon() * std::abs(x);
      const double of_slope = what == "slope" ? std::numeric_limits<Real>::epsilon() : 0;
      EXPECT_NEAR(actual, expected[k], relative * std::abs(expected[k]) + of_x + of_slope + of_one);
    }
  }
}

TEST_P(Owners, ValuesAndDerivativesAgree) {
  const Owner& owner = GetParam();
  const NumpyArchive archive = load_npz(std::string(RONDO_ACTIVATIONS) + "/" + owner.name + ".npz");
  const std::vector<double> x = archive.tensor("x").to_vector<double>();
  std::set<std::string> seen;
  for (const NamedTensor& entry : archive.tensors()) {
    if (entry.name == "x") continue;
    const std::size_t space = entry.name.rfind(' ');
    const Activation activation = activation_from_name(entry.name.substr(0, space));
    const std::string what = entry.name.substr(space + 1);
    const std::vector<double> expected = entry.tensor.to_vector<double>();
    ASSERT_EQ(expected.size(), x.size());
    seen.insert(entry.name);
    constexpr double kDouble = 4 * std::numeric_limits<double>::epsilon();
    compare<float>(activation, what, x, expected, kDouble + owner.of_one);
    if (owner.of_one == 0) compare<double>(activation, what, x, expected, kDouble);
  }
  EXPECT_GE(seen.size(), 15U);
}

// No formula loses digits in f32 that it has in f64: not near 0, nor where it comes near 0. A straight line that
// crosses 0 elsewhere does, and so do derivatives that follow from a value near 1.
TEST(Activation, FloatsAreRoundedDoubles) {
  const std::set<ActivationKind> lines = {Activation::hard_sigmoid,   Activation::hard_sigmoid_keras3,
                                          Activation::hard_silu,      Activation::sparse_plus,
                                          Activation::sparse_sigmoid, Activation::hard_sigmoid_onnx};
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  constexpr double kLeast = 1e-36;  // e^-x overflows before e^x ends
  for (const std::string& name : activation_names()) {
    const Activation activation = activation_from_name(name);
    for (int k = 0; k < 261 * 8 * 2; ++k) {
      const double magnitude = std::ldexp(1 + (k / 2 % 8) / 8.0, k / 16 - 140);
      const double x = k % 2 == 0 ? magnitude : -magnitude;
      for (const std::string what : {"value", "slope"}) {
        const double exact = computed<double>(activation, what, x);
        const double of_one = what == "slope" || lines.contains(activation.kind) ? 2 * kEpsilon : 0;
        const double tolerance = units_at(activation, x) * kEpsilon * std::abs(exact) + of_one + kLeast;
        if (std::abs(exact) > std::numeric_limits<float>::max()) continue;
        EXPECT_NEAR(computed<float>(activation, what, x), exact, tolerance) << name << " " << what << " at " << x;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Owners, Owners, testing::Values(Owner{"keras3", 0}, Owner{"keras2", 0}, Owner{"onnx", 4e-7}),
                         [](const auto& owner) { return std::string(owner.param.name); });

}  // namespace
}  // namespace rondo
