#include <functional>
#include <limits>

#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

struct BinaryCase {
  const char* name;
  std::function<Tensor(const Tensor&, const Tensor&)> op;
  std::function<double(double, double)> reference;
};

const std::vector<BinaryCase> kCases{
    {"add", [](const Tensor& a, const Tensor& b) { return add(a, b); }, std::plus<>()},
    {"sub", [](const Tensor& a, const Tensor& b) { return sub(a, b); }, std::minus<>()},
    {"mul", [](const Tensor& a, const Tensor& b) { return mul(a, b); }, std::multiplies<>()},
    {"div", [](const Tensor& a, const Tensor& b) { return div(a, b); }, std::divides<>()},
    {"maximum", [](const Tensor& a, const Tensor& b) { return maximum(a, b); },
     [](double a, double b) { return a > b ? a : b; }},
    {"minimum", [](const Tensor& a, const Tensor& b) { return minimum(a, b); },
     [](double a, double b) { return a < b ? a : b; }},
};

void check(const BinaryCase& binary, const Tensor& a, const Tensor& b, const Shape& shape, double tolerance) {
  SCOPED_TRACE(std::string(binary.name) + " of " + describe(a) + " and " + describe(b));
  const std::vector<double> left = elements_of(a);
  const std::vector<double> right = elements_of(b);
  std::vector<double> expected;
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    expected.push_back(
        binary.reference(broadcast_element(left, a.shape(), shape, i), broadcast_element(right, b.shape(), shape, i)));
  }
  for (const Layout& first : layouts_of(a)) {
    for (const Layout& second : layouts_of(b)) {
      SCOPED_TRACE(first.name + ", " + second.name);
      const Tensor result = binary.op(first.tensor, second.tensor);
      EXPECT_EQ(result.dtype(), a.dtype());
      expect_close(result, shape, expected, tolerance);
    }
  }
}

struct ShapeCase {
  Shape a;
  Shape b;
  Shape result;
};

const std::vector<ShapeCase> kShapes{
    {{5, 7}, {5, 7}, {5, 7}},        // one row
    {{5, 7}, {7}, {5, 7}},           // a bias
    {{5, 7}, {5, 1}, {5, 7}},        // a mask
    {{5, 1}, {1, 7}, {5, 7}},        // both operands repeat
    {{}, {3, 2}, {3, 2}},            // rank 0
    {{}, {}, {}},                    //
    {{2, 1, 3}, {4, 1}, {2, 4, 3}},  // repeated in the middle
    {{0, 3}, {3}, {0, 3}},           // no batch
};

TEST(Binary, EveryDTypeLayoutAndBroadcast) {
  for (const auto& [dtype, tolerance] : numbers()) {
    for (const BinaryCase& binary : kCases) {
      if (!is_floating(dtype) && std::string(binary.name) == "div") continue;
      for (const ShapeCase& shapes : kShapes) {
        const Tensor a = random_tensor(shapes.a, dtype, 1);
        Tensor b = random_tensor(shapes.b, dtype, 2);
        if (is_floating(dtype)) b = add(b, 8.0);  // no division by zero
        check(binary, a, b, shapes.result, tolerance);
      }
    }
  }
}

TEST(Binary, IntegersWrapAround) {
  const Tensor a = Tensor::from<std::int64_t>({INT64_MAX, INT64_MIN, INT64_MAX}, {3});
  const Tensor b = Tensor::from<std::int64_t>({1, 1, 2}, {3});
  EXPECT_EQ(add(a, b).to_vector<std::int64_t>()[0], INT64_MIN);
  EXPECT_EQ(sub(a, b).to_vector<std::int64_t>()[1], INT64_MAX);
  EXPECT_EQ(mul(a, b).to_vector<std::int64_t>()[2], -2);
}

TEST(Binary, DivisionByZero) {
  const Tensor quotient = div(Tensor::from<float>({1, -1, 0}, {3}), Tensor::zeros({}, DType::f32));
  const std::vector<float> elements = quotient.to_vector<float>();
  EXPECT_EQ(elements[0], std::numeric_limits<float>::infinity());
  EXPECT_EQ(elements[1], -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(elements[2]));
}

TEST(Binary, MaximumAndMinimumKeepNaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = Tensor::from<float>({1, 3, kNaN, 2}, {4});
  const Tensor b = Tensor::from<float>({2, -1, 0, kNaN}, {4});
  const std::vector<float> larger = maximum(a, b).to_vector<float>();
  const std::vector<float> smaller = minimum(a, b).to_vector<float>();
  EXPECT_EQ(larger[0], 2);
  EXPECT_EQ(larger[1], 3);
  EXPECT_EQ(smaller[0], 1);
  EXPECT_EQ(smaller[1], -1);
  for (const std::size_t k : {2, 3}) EXPECT_TRUE(std::isnan(larger[k]) && std::isnan(smaller[k])) << k;
}

TEST(Binary, SixteenBitFloatsRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor a = random_tensor({500}, dtype, 5);
    const Tensor b = random_tensor({500}, dtype, 6);
    for (const BinaryCase& binary : kCases) {
      EXPECT_EQ(elements_of(binary.op(a, b)), elements_of(binary.op(a.to(DType::f32), b.to(DType::f32)).to(dtype)));
    }
  }
}

TEST(Binary, ArgumentsStayAsTheyAre) {
  const Tensor a = Tensor::from<float>({1, 2}, {2});
  const Tensor sum = add(a, a);
  EXPECT_EQ(a.to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_NE(sum.data(), a.data());
}

}  // namespace
}  // namespace rondo
