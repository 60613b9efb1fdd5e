// Reductions and softmax on the device under test against the CPU.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "agreement/parity/tensor_pair.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr DType kNumbers[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64};

std::vector<int> random_axes(Random& random, int rank) {
  std::vector<int> axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (random.coin()) axes.push_back(random.coin() ? axis : axis - rank);
  }
  return axes;
}

// Sums are in double, so that their order changes at most one rounding of the result, except in f64. There, sums of n
// terms may differ by n epsilon times the sum of the magnitudes.
Nearness sum_nearness(const Tensor& x) {
  if (x.dtype() != DType::f64) return {1.001, 0x1p-9};
  return {static_cast<double>(x.numel()), sum(add(relu(x), relu(neg(x)))).item()};
}

Nearness softmax_nearness(const Tensor& x, int axis) {
  const double terms = x.dtype() == DType::f64 ? static_cast<double>(x.size(axis)) : 0;
  return {8 + terms, 1e-30};
}

void expect_same_reductions(const TensorPair& x, const std::vector<int>& axes, bool keep) {
  const bool floating = is_floating(x.host.dtype());
  const Tensor device_sum = sum(x.device, axes, keep);
  const Tensor host_sum = sum(x.host, axes, keep);
  if (floating) {
    EXPECT_TRUE(near_to(device_sum, host_sum, sum_nearness(x.host)));
    EXPECT_TRUE(near_to(mean(x.device, axes, keep), mean(x.host, axes, keep), sum_nearness(x.host)));
  } else {
    EXPECT_TRUE(same(device_sum, host_sum));
  }
  if (x.host.numel() > 0) {
    EXPECT_TRUE(near_to(max(x.device, axes, keep), max(x.host, axes, keep), {}));
  }
}

TEST(ReduceParity, AnyAxesOfAnyTensor) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const Shape shape = random_shape(random, static_cast<int>(random.integer(0, 5)), 40, 3000);
    const TensorPair x = random_view(random, shape, kNumbers[seed % 6], Elements::ordinary);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(x.host) + " strides " + to_string(x.host.strides()));
    expect_same_reductions(x, random_axes(random, shape.rank()), random.coin());
  }
}

// A thread, a warp, a block, or several blocks compute each result.
TEST(ReduceParity, LinesOfEveryLength) {
  for (const DType dtype : kNumbers) {
    for (const std::int64_t length : {1, 16, 17, 31, 32, 33, 1000, 1024, 1025, 2500, 32767, 32768, 40001}) {
      Random random(static_cast<std::uint64_t>(length));
      const TensorPair x = random_pair(random, {2, length}, dtype, Elements::ordinary);
      SCOPED_TRACE(describe(x.host));
      expect_same_reductions(x, {1}, false);
      const auto turned = [](const Tensor& t) { return t.swap_axes(0, 1); };
      expect_same_reductions({turned(x.host), turned(x.device)}, {0}, true);
    }
  }
}

// Tensors are laid out on the host, because the simulated device should not need a thread for each element.
TEST(ReduceParity, EqualTensorsGiveBitwiseEqualSums) {
  const Device device = device_under_test();
  for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
    for (const std::int64_t length : {12, 700, 3001, 36000}) {
      Random random(static_cast<std::uint64_t>(length));
      const Tensor host = random_pair(random, {3, length}, dtype, Elements::positive).host;
      const Tensor x = host.to(device);
      const Tensor turned = host.swap_axes(0, 1).contiguous().to(device).swap_axes(0, 1);
      const auto flip = [&](const Tensor& t) { return t.slice(1, length - 1, -1, -1); };
      const Tensor backwards = flip(flip(host).contiguous().to(device));
      for (const std::vector<int>& axes : {std::vector<int>{1}, std::vector<int>{}, std::vector<int>{0}}) {
        if (axes == std::vector<int>{0} && length > 4000) continue;
        const Tensor expected = sum(x, axes).to(cpu());
        EXPECT_TRUE(identical(sum(x, axes).to(cpu()), expected));
        EXPECT_TRUE(identical(sum(turned, axes).to(cpu()), expected));
        EXPECT_TRUE(identical(sum(backwards, axes).to(cpu()), expected));
      }
      // Rows that are summed beside a row do not change its sum either.
      EXPECT_TRUE(identical(sum(x.slice(0, 1, 2), {1}).to(cpu()), sum(x, {1}).to(cpu()).slice(0, 1, 2)));
    }
  }
}

TEST(ReduceParity, IntegersWrapAround) {
  for (const DType dtype : {DType::i32, DType::i64}) {
    for (const std::int64_t length : {5, 100, 2000, 40000}) {
      Random random(9);
      const TensorPair x = random_view(random, {length, 2}, dtype, Elements::hazardous);
      EXPECT_TRUE(same(sum(x.device, {0}), sum(x.host, {0})));
      EXPECT_TRUE(same(max(x.device, {0}), max(x.host, {0})));
    }
  }
}

TEST(ReduceParity, NaNIsTheMaximumWhereverItIs) {
  for (const std::int64_t length : {9, 300, 2000, 40000}) {
    for (const std::int64_t place : {std::int64_t{0}, length / 3, length - 1}) {
      Random random(1);
      const TensorPair x = random_pair(random, {2, length}, DType::f32, Elements::ordinary);
      x.host.slice(0, 0, 1).slice(1, place, place + 1).fill(NAN);
      const Tensor most = max(x.host.to(device_under_test()), {1}).to(cpu());
      EXPECT_TRUE(std::isnan(most.data<float>()[0]));
      EXPECT_EQ(most.data<float>()[1], max(x.host, {1}).data<float>()[1]);
    }
  }
  const Tensor least = Tensor::full({2000}, -INFINITY, DType::f16, device_under_test());
  EXPECT_EQ(max(least).item(), -INFINITY);
}

TEST(ReduceParity, Nothing) {
  const Device device = device_under_test();
  EXPECT_TRUE(same(sum(Tensor::zeros({0, 3}, DType::f32, device), {0}), Tensor::zeros({3}, DType::f32)));
  EXPECT_EQ(sum(Tensor::zeros({0, 3}, DType::f32, device), {1}).shape(), (Shape{0}));
  EXPECT_TRUE(std::isnan(mean(Tensor::zeros({0}, DType::f64, device)).item()));
  EXPECT_EQ(sum(Tensor::full({}, 5, DType::i32, device)).item(), 5);
}

TEST(SoftmaxParity, AnyAxisOfAnyTensor) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const int rank = static_cast<int>(random.integer(1, 4));
    const Shape shape = random_shape(random, rank, seed % 4 == 0 ? 100 : 20, 3000);
    const TensorPair x =
        random_view(random, shape, kNumbers[seed % 4], seed % 3 == 0 ? Elements::hazardous : Elements::ordinary);
    const int axis = static_cast<int>(random.integer(-rank, rank - 1));
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(x.host) + " strides " + to_string(x.host.strides()) +
                 " axis " + std::to_string(axis));
    EXPECT_TRUE(near_to(softmax(x.device, axis), softmax(x.host, axis), softmax_nearness(x.host, axis)));
  }
}

TEST(SoftmaxParity, LinesOfEveryLength) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    for (const std::int64_t length : {1, 16, 17, 1024, 1025, 3000}) {
      Random random(static_cast<std::uint64_t>(length));
      const TensorPair x = random_pair(random, {3, length}, dtype, Elements::ordinary);
      x.host.slice(0, 0, 1).fill(1e4);  // exp would be infinite
      SCOPED_TRACE(describe(x.host));
      const Tensor device = x.host.to(device_under_test());
      EXPECT_TRUE(near_to(softmax(device), softmax(x.host), softmax_nearness(x.host, -1)));
    }
  }
}

}  // namespace
}  // namespace rondo::test
