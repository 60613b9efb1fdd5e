#include <functional>
#include <limits>

#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

struct ReduceCase {
  const char* name;
  std::function<Tensor(const Tensor&, std::vector<int>, bool)> op;
  double start;
  std::function<double(double, double)> fold;
  bool divides = false;
};

const double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<ReduceCase> kCases{
    {"sum", [](const Tensor& x, std::vector<int> axes, bool keep) { return sum(x, axes, keep); }, 0, std::plus<>()},
    {"mean", [](const Tensor& x, std::vector<int> axes, bool keep) { return mean(x, axes, keep); }, 0, std::plus<>(),
     true},
    {"max", [](const Tensor& x, std::vector<int> axes, bool keep) { return max(x, axes, keep); }, -kInfinity,
     [](double a, double b) { return std::max(a, b); }},
};

struct AxesCase {
  std::vector<int> axes;
  Shape kept;
  Shape dropped;
};

const Shape kShape{3, 4, 5};
const std::vector<AxesCase> kAxes{
    {{}, {1, 1, 1}, {}},      {{0}, {1, 4, 5}, {4, 5}}, {{1}, {3, 1, 5}, {3, 5}},    {{-1}, {3, 4, 1}, {3, 4}},
    {{2, 0}, {1, 4, 1}, {4}}, {{0, 1}, {1, 1, 5}, {5}}, {{-3, 1, 2}, {1, 1, 1}, {}},
};

std::vector<double> reference(const ReduceCase& reduce, const Tensor& x, const Shape& kept) {
  const std::vector<double> elements = elements_of(x);
  std::vector<double> result(static_cast<std::size_t>(kept.numel()), reduce.start);
  for (std::int64_t a = 0; a < x.size(0); ++a) {
    for (std::int64_t b = 0; b < x.size(1); ++b) {
      for (std::int64_t c = 0; c < x.size(2); ++c) {
        const std::int64_t to = ((a % kept[0]) * kept[1] + b % kept[1]) * kept[2] + c % kept[2];
        const std::int64_t from = (a * x.size(1) + b) * x.size(2) + c;
        double& total = result[static_cast<std::size_t>(to)];
        total = reduce.fold(total, elements[static_cast<std::size_t>(from)]);
      }
    }
  }
  const auto terms = static_cast<double>(x.numel() / kept.numel());
  if (reduce.divides) std::for_each(result.begin(), result.end(), [&](double& total) { total /= terms; });
  return result;
}

TEST(Reduce, EveryDTypeLayoutAndAxis) {
  for (const auto& [dtype, tolerance] : numbers()) {
    const Tensor x = random_tensor(kShape, dtype, 1);
    for (const ReduceCase& reduce : kCases) {
      if (reduce.divides && !is_floating(dtype)) continue;
      for (const AxesCase& axes : kAxes) {
        const std::vector<double> expected = reference(reduce, x, axes.kept);
        for (const Layout& layout : layouts_of(x)) {
          SCOPED_TRACE(std::string(reduce.name) + " of " + describe(x) + " to " + to_string(axes.kept) + ", " +
                       layout.name);
          expect_close(reduce.op(layout.tensor, axes.axes, true), axes.kept, expected, tolerance);
          expect_close(reduce.op(layout.tensor, axes.axes, false), axes.dropped, expected, tolerance);
        }
      }
    }
  }
}

// A sum has the order of the indices, so no layout changes its bits.
TEST(Reduce, SumsOfEqualTensorsAreBitwiseEqual) {
  for (const auto& [dtype, tolerance] : kFloats) {
    const Tensor x = exp(random_tensor({61, 67}, dtype, 2));
    for (const std::vector<int>& axes : {std::vector<int>{}, {0}, {1}}) {
      const std::vector<double> first = elements_of(sum(x, axes));
      for (const Layout& layout : layouts_of(x)) EXPECT_EQ(elements_of(sum(layout.tensor, axes)), first) << layout.name;
    }
  }
}

TEST(Reduce, SixteenBitFloatsAccumulateWider) {
  // A sum in bf16 would stop at 256, because 256 + 1 is 256 there.
  EXPECT_EQ(sum(Tensor::full({1024}, 1, DType::bf16)).item(), 1024);
  EXPECT_EQ(mean(Tensor::full({1024}, 256, DType::f16)).item(), 256);  // f16 cannot hold the sum
}

TEST(Reduce, NaNIsTheMaximumWhereverItIs) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Tensor::from<float>({nan, 1, 2, 1, nan, 2, 1, 2, nan, 1, 3, 2}, {4, 3});
  const std::vector<double> rows{nan, nan, nan, 3};
  expect_close(max(x, {1}), {4}, rows, 0);
  expect_close(max(x.transpose({1, 0}), {0}), {4}, rows, 0);
  const double least = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(max(Tensor::full({2}, least, DType::f32)).item(), least);
}

TEST(Reduce, IntegersWrapAroundAndReachTheirLimits) {
  EXPECT_EQ(sum(Tensor::from<std::int32_t>({INT32_MAX, 1}, {2})).to_vector<std::int32_t>()[0], INT32_MIN);
  EXPECT_EQ(sum(Tensor::from<std::int64_t>({INT64_MAX, 1}, {2})).to_vector<std::int64_t>()[0], INT64_MIN);
  EXPECT_EQ(max(Tensor::from<std::int64_t>({INT64_MIN, INT64_MIN}, {2})).to_vector<std::int64_t>()[0], INT64_MIN);
  EXPECT_EQ(max(Tensor::from<std::int64_t>({INT64_MAX, INT64_MAX - 1}, {2})).to_vector<std::int64_t>()[0], INT64_MAX);
}

TEST(Reduce, EmptyAndRankZero) {
  EXPECT_EQ(sum(Tensor::zeros({0, 3}, DType::f32), {0}).to_vector<float>(), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(sum(Tensor::zeros({0, 3}, DType::f32), {1}).shape(), (Shape{0}));
  EXPECT_EQ(max(Tensor::zeros({0, 3}, DType::f32), {1}).shape(), (Shape{0}));
  EXPECT_TRUE(std::isnan(mean(Tensor::zeros({0}, DType::f32)).item()));
  EXPECT_EQ(sum(Tensor::full({}, 5, DType::i32)).item(), 5);
  EXPECT_EQ(mean(Tensor::full({}, 5, DType::f64), {}, true).shape(), Shape{});
}

}  // namespace
}  // namespace rondo
