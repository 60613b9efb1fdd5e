// Convolution on the device under test against convolution on the CPU in f64.

#include <gtest/gtest.h>

#include "agreement/parity/tensor_pair.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

TEST(ConvolutionParity, AnyStridesPaddingsAndDilations) {
  constexpr DType kFloats[] = {DType::f64, DType::f32, DType::f16, DType::bf16};
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const DType dtype = kFloats[seed % 4];
    const auto size = [&] { return random.integer(1, 4); };
    const std::int64_t C = size();
    const bool two_axes = random.coin();
    const Shape image = two_axes ? Shape{size(), size() + 6, size() + 6, C} : Shape{size(), size() + 6, C};
    const Shape kernel = two_axes ? Shape{size(), size(), C, size()} : Shape{size(), C, size()};
    const TensorPair x = random_view(random, image, dtype, Elements::ordinary);
    const TensorPair weights = random_view(random, kernel, dtype, Elements::ordinary);
    const ConvolutionOptions options{.strides = {random.integer(1, 3)},
                                     .padding = random.coin() ? ConvolutionPadding::same : ConvolutionPadding::valid,
                                     .dilation = {random.integer(1, 2)}};
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Tensor expected = convolution(x.host.to(DType::f64), weights.host.to(DType::f64), options);
    const Tensor actual = convolution(x.device, weights.device, options);
    EXPECT_EQ(actual.device(), device_under_test());
    // The bound of sums of products below 16 each, in f32 or wider, rounded once.
    const double sums = epsilon_of(dtype == DType::f64 ? DType::f64 : DType::f32) * 16 * 64;
    const double bound = sums + epsilon_of(dtype) * largest_magnitude(expected);
    EXPECT_TRUE(within(actual.to(cpu()).to(DType::f64), expected, bound));
  }
}

}  // namespace
}  // namespace rondo::test
