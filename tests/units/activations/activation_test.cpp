// Activations as values, their names, and the basic ones against their formulas.
#include "rondo/vocabulary/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rondo/ops/ops.h"
#include "support/expect_error.h"
#include "vocabulary/activations/activate.h"

namespace rondo {
namespace {

using test::expect_error;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Activation> all_activations() {
  std::vector<Activation> all;
  for (const std::string& name : activation_names()) all.push_back(activation_from_name(name));
  return all;
}

TEST(Activation, NamesGoBothWays) {
  const std::vector<std::string> names = activation_names();
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Activation::hard_sigmoid_onnx) + 1) << "each kind has a name";
  for (std::size_t k = 0; k < names.size(); ++k) {
    const Activation activation = activation_from_name(names[k]);
    EXPECT_EQ(to_string(activation), names[k]);
    EXPECT_EQ(activation, Activation(activation.kind)) << "the default parameters";
  }
  EXPECT_EQ(activation_from_name("swish"), Activation::silu);
  EXPECT_EQ(activation_from_name("hard_swish"), Activation::hard_silu);
}

TEST(Activation, NamesHaveParameters) {
  for (const Activation& activation :
       {Activation(Activation::elu, 0.5), Activation(Activation::leaky_relu, 1.0 / 3),
        Activation(Activation::general_relu, 0.1), Activation(Activation::general_relu, 0.1, 6, -2),
        Activation(Activation::affine, -1e-30, 1e30), Activation(Activation::hard_sigmoid_onnx, 0.25, 0.5)}) {
    EXPECT_EQ(activation_from_name(to_string(activation)), activation) << to_string(activation);
    EXPECT_NE(activation, Activation(activation.kind));
  }
  EXPECT_EQ(to_string(Activation(Activation::elu, 0.5)), "elu(0.5)");
  EXPECT_EQ(activation_from_name("general_relu(0.5, inf, 2)"), Activation(Activation::general_relu, 0.5, kInfinity, 2));
  EXPECT_EQ(activation_from_name("affine(2)"), Activation(Activation::affine, 2, 0));
  for (const char* name : {"elu()", "elu(", "elu(0.5", "elu(a)", "elu(0.5,)", "elu(0.5) ", "(0.5)", "elu(1,2,3,4)",
                           "elu(1, 2)", "tanh(1)", "elu(inf)", "elu(nan)", ""}) {
    EXPECT_THROW((void)activation_from_name(name), ValueError) << name;
  }
}

TEST(Activation, UnknownNamesAreRefused) {
  test::expect_error_that<ValueError>(
      [] { (void)activation_from_name("swoosh"); },
      [](const std::string& message) {
        EXPECT_NE(message.find("activation: got 'swoosh', expected one of linear, tanh, sigmoid,"), std::string::npos);
        EXPECT_EQ(message.find("whole row"), std::string::npos);
      });
  for (const std::string name : {"softmax", "log_softmax", "sparsemax", "glu"}) {
    test::expect_error_that<ValueError>(
        [&] { (void)activation_from_name(name); },
        [&](const std::string& message) {
          EXPECT_NE(message.find(name + " is a function of a whole row"), std::string::npos) << message;
        });
  }
}

TEST(Activation, HardSigmoidDependsOnTheVersionOfKeras) {
  EXPECT_EQ(keras_activation_from_name("hard_sigmoid", 2), Activation::hard_sigmoid);
  EXPECT_EQ(keras_activation_from_name("hard_sigmoid", 3), Activation::hard_sigmoid_keras3);
  EXPECT_EQ(keras_activation_from_name("swish", 2), Activation::silu);
  for (const char* name : {"hard_sigmoid_keras3", "affine", "gelu_tanh", "elu(0.5)", "softmax"}) {
    EXPECT_THROW((void)keras_activation_from_name(name, 3), ValueError) << name;
  }
}

TEST(Activation, ParametersAreChecked) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_error<ValueError>([&] { Activation(Activation::elu, nan); },
                           "alpha of elu: got nan, expected a finite number");
  expect_error<ValueError>([] { Activation(Activation::celu, 0); },
                           "alpha of celu: got 0, expected another number than 0");
  expect_error<ValueError>([] { Activation(Activation::hard_shrink, -1); },
                           "threshold of hard_shrink: got -1, expected 0 or above");
  expect_error<ValueError>([] { Activation(Activation::general_relu, 0, -1); },
                           "max_value of general_relu: got -1, expected 0 or above, or infinity");
  expect_error<ValueError>([] { Activation(Activation::squareplus, 0); },
                           "b of squareplus: got 0, expected a number above 0");
  Activation tanh = Activation::tanh;
  tanh.alpha = 2;
  expect_error<ValueError>([&] { check_activation(tanh); },
                           "parameter of tanh: got 2, expected 0, as it has no such parameter");
  EXPECT_THROW((void)activate(tanh, Tensor::zeros({1}, DType::f32)), ValueError);
  EXPECT_THROW(check_activation(static_cast<ActivationKind>(99)), ValueError);
}

TEST(Activation, BasicValues) {
  for (const double x : {-1000.0, -3.1, -2.5, -1.0, -0.0, 0.3, 2.5, 2.9, 3.0, 1000.0}) {
    EXPECT_EQ(activate(Activation::linear, x), x);
    EXPECT_EQ(activate(Activation::tanh, x), std::tanh(x));
    EXPECT_DOUBLE_EQ(activate(Activation::sigmoid, x), 0.5 * (1 + std::tanh(x / 2)));
    EXPECT_DOUBLE_EQ(activate(Activation::hard_sigmoid, x), x < -2.5 ? 0 : x > 2.5 ? 1 : 0.2 * x + 0.5);
    EXPECT_DOUBLE_EQ(activate(Activation::hard_sigmoid_keras3, x), x < -3 ? 0 : x > 3 ? 1 : x / 6 + 0.5);
    EXPECT_EQ(activate(Activation::relu, x), x > 0 ? x : 0);
  }
}

TEST(Activation, NaNStaysNaN) {
  for (const Activation& activation : all_activations()) {
    EXPECT_TRUE(std::isnan(activate(activation, std::numeric_limits<float>::quiet_NaN()))) << to_string(activation);
    EXPECT_TRUE(std::isnan(activate(activation, std::numeric_limits<double>::quiet_NaN()))) << to_string(activation);
  }
}

// What a gradient keeps gives back the value, and the derivative that a difference of values has.
TEST(Activation, KeptValuesGiveValueAndDerivative) {
  for (const Activation& activation : all_activations()) {
    for (const double x : {-7.3, -2.7, -1.3, -0.7, -0.2, 0.1, 0.6, 1.7, 2.6, 4.4}) {
      const double y = activate(activation, x);
      const double kept = kept_value(activation, x, y);
      constexpr double kStep = 1e-5;
      const double slope = (activate(activation, x + kStep) - activate(activation, x - kStep)) / (2 * kStep);
      EXPECT_EQ(value_of_kept(activation, kept), y) << to_string(activation) << " at " << x;
      EXPECT_NEAR(derivative_at_kept(activation, kept), slope, 1e-8) << to_string(activation) << " at " << x;
      EXPECT_EQ(derivative_at(activation, x, y), derivative_at_kept(activation, kept));
    }
  }
}

TEST(Activation, BoundedIsWhatIsKept) {
  for (const Activation& activation : all_activations()) {
    const double greatest = std::abs(kept_value(activation, 1e9, activate(activation, 1e9)));
    EXPECT_EQ(keeps_bounded(activation), greatest <= 1) << to_string(activation);
  }
}

}  // namespace
}  // namespace rondo
