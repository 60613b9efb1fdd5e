// The approximate activations against exact activations in double, over all exponents of a float.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cuda/common/standard_activations.cuh"

namespace rondo {
namespace {

constexpr double kBound = 2e-7;

template <typename Check>
void for_each_magnitude(Check&& check) {
  for (int exponent = -140; exponent < 128; ++exponent) {
    for (int step = 0; step < 200; ++step) {
      const float magnitude = std::ldexp(1.0F + static_cast<float>(step) / 200.0F, exponent);
      check(magnitude);
      check(-magnitude);
    }
  }
}

TEST(StandardActivations, TanhIsNearTheExactOne) {
  for_each_magnitude([](float x) {
    const double exact = std::tanh(static_cast<double>(x));
    const double actual = activate(StandardActivations::Tanh{}, x);
    ASSERT_NEAR(actual, exact, kBound) << x;
    // Small values keep their digits, which 1 - 2 / (e^2x + 1) would lose.
    if (std::abs(x) > 1e-37F) {
      ASSERT_NEAR(actual / exact, 1.0, 1e-6) << x;
    }
  });
}

TEST(StandardActivations, SigmoidIsNearTheExactOne) {
  for_each_magnitude([](float x) {
    ASSERT_NEAR(activate(StandardActivations::Sigmoid{}, x), 1.0 / (1.0 + std::exp(-static_cast<double>(x))), kBound)
        << x;
  });
}

TEST(StandardActivations, EndsAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(activate(StandardActivations::Tanh{}, kInfinity), 1.0F);
  EXPECT_EQ(activate(StandardActivations::Tanh{}, -kInfinity), -1.0F);
  EXPECT_EQ(activate(StandardActivations::Sigmoid{}, kInfinity), 1.0F);
  EXPECT_EQ(activate(StandardActivations::Sigmoid{}, -kInfinity), 0.0F);
  EXPECT_EQ(activate(StandardActivations::Sigmoid{}, -100.0F), 0.0F) << "a closed gate";
  EXPECT_TRUE(std::isnan(activate(StandardActivations::Tanh{}, std::nanf(""))));
  EXPECT_TRUE(std::isnan(activate(StandardActivations::Sigmoid{}, std::nanf(""))));
}

}  // namespace
}  // namespace rondo
