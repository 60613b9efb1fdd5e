#include "rondo/vocabulary/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

TEST(Activation, NamesGoBothWays) {
  const std::pair<Activation, const char*> names[] = {
      {Activation::linear, "linear"},   {Activation::tanh, "tanh"},
      {Activation::sigmoid, "sigmoid"}, {Activation::hard_sigmoid, "hard_sigmoid"},
      {Activation::relu, "relu"},       {Activation::hard_sigmoid_keras3, "hard_sigmoid_keras3"},
  };
  for (const auto& [activation, name] : names) {
    EXPECT_EQ(to_string(activation), name);
    EXPECT_EQ(activation_from_name(name), activation);
  }
  expect_error<ValueError>([] { activation_from_name("swish"); },
                           "activation: got 'swish', expected one of linear, tanh, sigmoid, hard_sigmoid, "
                           "hard_sigmoid_keras3, relu");
}

TEST(Activation, Values) {
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
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto activation : {Activation::linear, Activation::tanh, Activation::sigmoid, Activation::hard_sigmoid,
                                Activation::hard_sigmoid_keras3, Activation::relu}) {
    EXPECT_TRUE(std::isnan(activate(activation, nan))) << to_string(activation);
  }
}

}  // namespace
}  // namespace rondo
