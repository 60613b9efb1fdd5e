#include <functional>
#include <limits>

#include "ops/activation_slope.h"
#include "rondo/vocabulary/error.h"
#include "units/ops/ops_testing.h"
#include "vocabulary/activations/activate.h"

namespace rondo {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double clipped(double x, double low, double high) { return std::isnan(x) ? x : std::min(std::max(x, low), high); }

struct UnaryCase {
  const char* name;
  std::function<Tensor(const Tensor&)> op;
  std::function<double(double)> reference;
};

const std::vector<UnaryCase> kNumberCases{
    {"neg", [](const Tensor& x) { return neg(x); }, [](double x) { return -x; }},
    {"relu", [](const Tensor& x) { return relu(x); }, [](double x) { return std::isnan(x) ? x : std::max(x, 0.0); }},
    {"clip", [](const Tensor& x) { return clip(x, -1, 2); }, [](double x) { return clipped(x, -1, 2); }},
    {"clip above", [](const Tensor& x) { return clip(x, -kInfinity, 1); },
     [](double x) { return clipped(x, -kInfinity, 1); }},
    {"add", [](const Tensor& x) { return add(x, 3.0); }, [](double x) { return x + 3; }},
    {"mul", [](const Tensor& x) { return mul(x, -2.0); }, [](double x) { return x * -2; }},
};
const std::vector<UnaryCase> kFloatCases{
    {"tanh", [](const Tensor& x) { return tanh(x); }, [](double x) { return std::tanh(x); }},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"hard_sigmoid", [](const Tensor& x) { return hard_sigmoid(x); },
     [](double x) { return clipped(0.2 * x + 0.5, 0, 1); }},
    {"hard_sigmoid_keras3", [](const Tensor& x) { return hard_sigmoid_keras3(x); },
     [](double x) { return clipped(x / 6 + 0.5, 0, 1); }},
    {"exp", [](const Tensor& x) { return exp(x); }, [](double x) { return std::exp(x); }},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }},
};

void check(const UnaryCase& unary, const Tensor& x, double tolerance) {
  std::vector<double> expected = elements_of(x);
  for (double& element : expected) element = unary.reference(element);
  for (const Layout& layout : layouts_of(x)) {
    SCOPED_TRACE(std::string(unary.name) + " of " + describe(x) + ", " + layout.name);
    const Tensor result = unary.op(layout.tensor);
    EXPECT_EQ(result.dtype(), x.dtype());
    expect_close(result, x.shape(), expected, tolerance);
  }
}

TEST(Unary, NumbersOfEveryDTypeAndLayout) {
  for (const auto& [dtype, tolerance] : numbers()) {
    for (const UnaryCase& unary : kNumberCases) check(unary, random_tensor({3, 5, 7}, dtype, 1), tolerance);
  }
}

TEST(Unary, FloatsOfEveryDTypeAndLayout) {
  for (const auto& [dtype, tolerance] : kFloats) {
    for (const UnaryCase& unary : kFloatCases) check(unary, random_tensor({3, 5, 7}, dtype, 2), tolerance);
  }
}

TEST(Unary, InfinityAndNaN) {
  for (const auto& [dtype, tolerance] : kFloats) {
    const Tensor x = Tensor::from<double>({kNaN, kInfinity, -kInfinity, 0.0}, {4}).to(dtype);
    for (const UnaryCase& unary : kNumberCases) check(unary, x, tolerance);
    for (const UnaryCase& unary : kFloatCases) check(unary, x, tolerance);
  }
}

TEST(Unary, EmptyRankZeroAndRepeated) {
  EXPECT_EQ(tanh(Tensor::zeros({0, 3}, DType::f32)).shape(), (Shape{0, 3}));
  EXPECT_EQ(exp(Tensor::full({}, 0, DType::f16)).item(), 1.0);
  const Tensor repeated = Tensor::from<float>({-1, 2}, {2, 1}).broadcast_to({2, 3});
  EXPECT_EQ(relu(repeated).to_vector<float>(), (std::vector<float>{0, 0, 0, 2, 2, 2}));
}

TEST(Unary, NegKeepsTheSignOfZero) {
  EXPECT_TRUE(std::signbit(neg(Tensor::zeros({1}, DType::f32)).to_vector<float>()[0]));
}

TEST(Unary, IntegersWrapAround) {
  const Tensor x = Tensor::from<std::int32_t>({INT32_MAX, INT32_MIN}, {2});
  EXPECT_EQ(add(x, 1.0).to_vector<std::int32_t>(), (std::vector<std::int32_t>{INT32_MIN, INT32_MIN + 1}));
  EXPECT_EQ(mul(x, 2.0).to_vector<std::int32_t>(), (std::vector<std::int32_t>{-2, 0}));
  EXPECT_EQ(neg(x).to_vector<std::int32_t>(), (std::vector<std::int32_t>{-INT32_MAX, INT32_MIN}));
}

TEST(Unary, ClipOfIntegersTakesTheIntegersInside) {
  const Tensor x = Tensor::from<std::int64_t>({-3, 0, 3, INT64_MAX}, {4});
  EXPECT_EQ(clip(x, -1.5, 2.5).to_vector<std::int64_t>(), (std::vector<std::int64_t>{-1, 0, 2, 2}));
  EXPECT_EQ(clip(x, 0, 1e30).to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 0, 3, INT64_MAX}));
}

// The result of 16-bit floats is the rounded result of f32. A second rounding would show for some number.
TEST(Unary, SixteenBitFloatsRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor x = random_tensor({1000}, dtype, 3);
    for (const UnaryCase& unary : kFloatCases) {
      SCOPED_TRACE(std::string(unary.name) + " in " + to_string(dtype));
      expect_close(unary.op(x), x.shape(), elements_of(unary.op(x.to(DType::f32)).to(dtype)), 0);
    }
  }
}

TEST(Unary, ActivateIsTheFormulaOfThatName) {
  const Tensor x = random_tensor({100}, DType::f64, 4);
  std::vector<Activation> activations = {Activation(Activation::general_relu, 0.25, 1, -0.5)};
  for (const std::string& name : activation_names()) activations.push_back(activation_from_name(name));
  for (const Activation& activation : activations) {
    const std::vector<double> actual = activate(activation, x).to_vector<double>();
    const std::vector<double> slopes = activation_slope(activation, x).to_vector<double>();
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double element = x.to_vector<double>()[i];
      EXPECT_NEAR(actual[i], activate(activation, element), 1e-14) << to_string(activation);
      EXPECT_NEAR(slopes[i], derivative_at_kept(activation, element), 1e-14) << to_string(activation);
    }
  }
  EXPECT_THROW((void)activate(static_cast<ActivationKind>(99), x), ValueError);
  EXPECT_THROW((void)activate(Activation::gelu, Tensor::zeros({1}, DType::i32)), ValueError);
}

TEST(Unary, NumbersTakeTheDTypeOfTheTensor) {
  // 1.003 is 1 in bf16. As an f32 it would lift 255 to 255.8, which rounds to 256.
  EXPECT_EQ(mul(Tensor::full({1}, 255, DType::bf16), 1.003).item(), 255);
  EXPECT_EQ(add(Tensor::zeros({1}, DType::f32), 0.1).item(), static_cast<double>(0.1F));
}

}  // namespace
}  // namespace rondo
