// Convolution against a sum in index arithmetic, over every padding, stride and dilation.

#include "support/expect_error.h"
#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

using test::expect_words;

/// One spatial axis of a case.
struct Axis {
  std::int64_t n;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;
};

std::int64_t outputs(const Axis& axis, ConvolutionPadding padding) {
  if (padding == ConvolutionPadding::same) return (axis.n + axis.stride - 1) / axis.stride;
  return (axis.n - (axis.kernel - 1) * axis.dilation - 1) / axis.stride + 1;
}

/// The input index of output m and kernel element k. Inputs outside of x are zeros.
std::int64_t input_of(const Axis& axis, ConvolutionPadding padding, std::int64_t m, std::int64_t k) {
  const std::int64_t reach = (outputs(axis, padding) - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  const std::int64_t zeros = padding == ConvolutionPadding::same ? std::max<std::int64_t>(0, reach - axis.n) : 0;
  return m * axis.stride + k * axis.dilation - zeros / 2;
}

// The convolution over two spatial axes, in double.
std::vector<double> reference(const Tensor& x, const Tensor& kernel, const std::vector<Axis>& axes,
                              ConvolutionPadding padding) {
  const std::vector<double> values = elements_of(x);
  const std::vector<double> weights = elements_of(kernel);
  const std::int64_t C = x.size(-1);
  const std::int64_t F = kernel.size(-1);
  std::vector<double> result;
  for (std::int64_t b = 0; b < x.size(0); ++b) {
    for (std::int64_t m = 0; m < outputs(axes[0], padding); ++m) {
      for (std::int64_t n = 0; n < outputs(axes[1], padding); ++n) {
        for (std::int64_t f = 0; f < F; ++f) {
          double sum = 0;
          for (std::int64_t k = 0; k < axes[0].kernel; ++k) {
            for (std::int64_t l = 0; l < axes[1].kernel; ++l) {
              const std::int64_t i = input_of(axes[0], padding, m, k);
              const std::int64_t j = input_of(axes[1], padding, n, l);
              if (i < 0 || j < 0 || i >= axes[0].n || j >= axes[1].n) continue;
              for (std::int64_t c = 0; c < C; ++c) {
                sum += values[static_cast<std::size_t>(((b * axes[0].n + i) * axes[1].n + j) * C + c)] *
                       weights[static_cast<std::size_t>(((k * axes[1].kernel + l) * C + c) * F + f)];
              }
            }
          }
          result.push_back(sum);
        }
      }
    }
  }
  return result;
}

TEST(Convolution, IsTheSumOverKernelAndChannels) {
  const std::vector<std::vector<Axis>> cases{{{5, 3, 1, 1}, {6, 2, 1, 1}}, {{7, 3, 2, 1}, {5, 1, 3, 1}},
                                             {{8, 2, 1, 3}, {7, 3, 1, 2}}, {{4, 4, 3, 1}, {9, 3, 2, 2}},
                                             {{1, 1, 1, 1}, {3, 3, 1, 1}}, {{6, 1, 2, 1}, {6, 1, 1, 1}}};
  for (const DTypeCase& dtype : kFloats) {
    for (const std::vector<Axis>& axes : cases) {
      for (const ConvolutionPadding padding : {ConvolutionPadding::valid, ConvolutionPadding::same}) {
        const Tensor x = random_tensor({2, axes[0].n, axes[1].n, 3}, dtype.dtype, 1);
        const Tensor kernel = random_tensor({axes[0].kernel, axes[1].kernel, 3, 2}, dtype.dtype, 2);
        const ConvolutionOptions options{.strides = {axes[0].stride, axes[1].stride},
                                         .padding = padding,
                                         .dilation = {axes[0].dilation, axes[1].dilation}};
        const Shape shape{2, outputs(axes[0], padding), outputs(axes[1], padding), 2};
        const std::vector<double> expected = reference(x, kernel, axes, padding);
        for (const Layout& layout : layouts_of(x)) {
          const Tensor result = convolution(layout.tensor, kernel, options);
          ASSERT_EQ(result.shape(), shape) << layout.name;
          const std::vector<double> actual = elements_of(result);
          for (std::size_t k = 0; k < expected.size(); ++k) {
            // The sums have up to 48 products of numbers up to 4.
            ASSERT_NEAR(actual[k], expected[k], 20 * dtype.tolerance * (1 + std::abs(expected[k])))
                << to_string(dtype.dtype) << " " << layout.name << " element " << k;
          }
        }
      }
    }
  }
}

TEST(Convolution, OneAndThreeSpatialAxesAreTwoOfWhichSomeHaveSizeOne) {
  for (const DTypeCase& dtype : kFloats) {
    const Tensor x = random_tensor({2, 7, 3}, dtype.dtype, 3);
    const Tensor kernel = random_tensor({3, 3, 4}, dtype.dtype, 4);
    const auto same = [](std::vector<std::int64_t> strides) {
      return ConvolutionOptions{.strides = std::move(strides), .padding = ConvolutionPadding::same};
    };
    const std::vector<double> one = elements_of(convolution(x, kernel, same({2})));
    const std::vector<double> two = elements_of(convolution(x.insert_axis(2), kernel.insert_axis(1), same({2, 1})));
    const std::vector<double> three = elements_of(
        convolution(x.insert_axis(2).insert_axis(1), kernel.insert_axis(1).insert_axis(0), same({1, 2, 1})));
    ASSERT_EQ(one.size(), std::size_t{2 * 4 * 4});
    for (std::size_t k = 0; k < one.size(); ++k) {
      const double bound = 20 * dtype.tolerance * (1 + std::abs(one[k]));
      EXPECT_NEAR(two[k], one[k], bound);
      EXPECT_NEAR(three[k], one[k], bound);
    }
  }
}

TEST(Convolution, OfNothingIsNothing) {
  EXPECT_EQ(convolution(Tensor::zeros({0, 4, 2}, DType::f32), Tensor::zeros({3, 2, 5}, DType::f32)).shape(),
            Shape({0, 2, 5}));
  const ConvolutionOptions same{.padding = ConvolutionPadding::same};
  EXPECT_EQ(convolution(Tensor::zeros({2, 0, 2}, DType::f32), Tensor::zeros({3, 2, 5}, DType::f32), same).shape(),
            Shape({2, 0, 5}));
  const Tensor sum = convolution(Tensor::zeros({2, 4, 0}, DType::f32), Tensor::zeros({3, 0, 5}, DType::f32));
  EXPECT_EQ(elements_of(sum), std::vector<double>(2 * 2 * 5, 0.0));
}

TEST(Convolution, NamesWhatDoesNotFit) {
  const Tensor x = Tensor::zeros({2, 4, 3}, DType::f32);
  const Tensor kernel = Tensor::zeros({2, 3, 5}, DType::f32);
  const auto call = [&](const Tensor& a, const Tensor& b, const ConvolutionOptions& options = {}) {
    (void)convolution(a, b, options);
  };
  expect_words([&] { call(x, Tensor::zeros({2, 4, 5}, DType::f32)); }, {"kernel of convolution", "(2, 4, 5)"});
  expect_words([&] { call(x, Tensor::zeros({2, 2, 3, 5}, DType::f32)); }, {"kernel of convolution"});
  expect_words([&] { call(x, Tensor::zeros({0, 3, 5}, DType::f32)); }, {"kernel of convolution", "1 or more"});
  expect_words([&] { call(x, Tensor::zeros({5, 3, 5}, DType::f32)); }, {"x of convolution", "4", "at least 5"});
  expect_words([&] { call(x, kernel, {.dilation = {4}}); }, {"x of convolution", "at least 5"});
  expect_words([&] { call(x, kernel, {.strides = {1, 1}}); }, {"strides of convolution", "2 numbers"});
  expect_words([&] { call(x, kernel, {.strides = {0}}); }, {"strides of convolution", "0", "1 or more"});
  expect_words([&] { call(x, kernel, {.dilation = {std::int64_t{1} << 62}}); }, {"dilation of convolution", "2^31"});
  expect_words([&] { call(x, kernel.to(DType::f64)); }, {"convolution", "f64"});
  expect_words([&] { call(x.to(DType::i32), kernel.to(DType::i32)); }, {"x of convolution", "i32"});
}

}  // namespace
}  // namespace rondo
