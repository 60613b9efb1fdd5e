#include <limits>

#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

// exp(x) divided by its sum along `axis`, by index arithmetic.
std::vector<double> reference(const Tensor& x, int axis) {
  const std::vector<double> elements = elements_of(x);
  const std::int64_t size = x.size(axis);
  const std::int64_t step = contiguous_strides(x.shape())[axis];
  std::vector<double> result;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const std::int64_t first = i - i / step % size * step;
    double sum = 0;
    for (std::int64_t k = 0; k < size; ++k) sum += std::exp(elements[static_cast<std::size_t>(first + k * step)]);
    result.push_back(std::exp(elements[static_cast<std::size_t>(i)]) / sum);
  }
  return result;
}

TEST(Softmax, EveryDTypeLayoutAndAxis) {
  for (const auto& [dtype, tolerance] : kFloats) {
    const Tensor x = random_tensor({3, 5, 7}, dtype, 1);
    for (const int axis : {0, 1, 2, -1, -3}) {
      for (const Layout& layout : layouts_of(x)) {
        SCOPED_TRACE(to_string(dtype) + ", axis " + std::to_string(axis) + ", " + layout.name);
        expect_close(softmax(layout.tensor, axis), x.shape(), reference(x, axis), tolerance);
      }
    }
  }
}

TEST(Softmax, LargeArgumentsDoNotOverflow) {
  expect_close(softmax(Tensor::from<float>({1000, 1000, -1000}, {3})), {3}, {0.5, 0.5, 0}, 1e-7);
}

TEST(Softmax, MinusInfinityHasNoShareAndNaNSpreads) {
  const float infinity = std::numeric_limits<float>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_close(softmax(Tensor::from<float>({0, -infinity, 0}, {3})), {3}, {0.5, 0, 0.5}, 1e-7);
  expect_close(softmax(Tensor::from<float>({0, static_cast<float>(nan), 1}, {3})), {3}, {nan, nan, nan}, 0);
}

TEST(Softmax, Empty) {
  EXPECT_EQ(softmax(Tensor::zeros({0, 3}, DType::f32)).shape(), (Shape{0, 3}));
  EXPECT_EQ(softmax(Tensor::zeros({3, 0}, DType::f32)).shape(), (Shape{3, 0}));
}

}  // namespace
}  // namespace rondo
