// Matrix products on the device under test against products on the CPU in f64.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "agreement/parity/tensor_pair.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr DType kFloats[] = {DType::f64, DType::f32, DType::f16, DType::bf16};

Tensor in_f64(const Tensor& x) { return x.to(DType::f64); }

/// The bound of sums of K products below 16 each, in f32 or wider, rounded once.
double bound_of(DType dtype, std::int64_t K, const Tensor& expected) {
  const double sums = epsilon_of(dtype == DType::f64 ? DType::f64 : DType::f32) * static_cast<double>(16 * K);
  return sums + epsilon_of(dtype) * largest_magnitude(expected);
}

void expect_product(const Tensor& on_device, const Tensor& expected, std::int64_t K, DType dtype) {
  EXPECT_EQ(on_device.dtype(), dtype);
  EXPECT_TRUE(within(in_f64(on_device.to(cpu())), expected, bound_of(dtype, K, expected)));
}

std::int64_t random_size(Random& random) { return random.pick<std::int64_t>({1, 1, 2, 3, 8, 17, 33}); }

TEST(MatmulParity, AnyStridesAndBatches) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const DType dtype = kFloats[seed % 4];
    const auto size = [&] { return random.coin(0.03) ? 0 : random_size(random); };
    const std::int64_t M = size();
    const std::int64_t N = size();
    const std::int64_t K = size();
    const Shape batch = random_shape(random, static_cast<int>(random.integer(0, 3)), 4);
    const auto matrices = [&](std::int64_t rows, std::int64_t columns) {
      Shape shape = random_broadcastable(random, batch);
      shape = shape.insert(shape.rank(), rows);
      shape = shape.insert(shape.rank(), columns);
      return random_view(random, shape, dtype, Elements::ordinary);
    };
    const TensorPair a = matrices(M, K);
    const TensorPair b = matrices(K, N);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(a.host) + " strides " + to_string(a.host.strides()) +
                 ", " + describe(b.host) + " strides " + to_string(b.host.strides()));
    expect_product(matmul(a.device, b.device), matmul(in_f64(a.host), in_f64(b.host)), K, dtype);
  }
}

TEST(MatmulParity, Dot) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const DType dtype = kFloats[seed % 4];
    const std::int64_t K = random_size(random);
    const Shape rows = random_shape(random, static_cast<int>(random.integer(0, 3)), 5);
    const TensorPair a = random_view(random, rows.insert(rows.rank(), K), dtype, Elements::ordinary);
    Shape columns = random_shape(random, static_cast<int>(random.integer(0, 3)), 5);
    columns = columns.insert(std::max(columns.rank() - 1, 0), K);
    const TensorPair b = random_view(random, columns, dtype, Elements::ordinary);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(a.host) + ", " + describe(b.host));
    expect_product(dot(a.device, b.device), dot(in_f64(a.host), in_f64(b.host)), K, dtype);
  }
}

TEST(MatmulParity, SizesOfALayer) {
  for (const DType dtype : kFloats) {
    Random random(4);
    const TensorPair x = random_pair(random, {6, 5, 128}, dtype, Elements::ordinary);
    const TensorPair kernel = random_pair(random, {128, 256}, dtype, Elements::ordinary);
    const auto gates = [](const Tensor& w) { return w.slice(1, 64, 128); };
    const auto step = [](const Tensor& t) { return t.select(1, 2); };
    expect_product(dot(x.device, kernel.device), dot(in_f64(x.host), in_f64(kernel.host)), 128, dtype);
    expect_product(dot(step(x.device), gates(kernel.device)), dot(in_f64(step(x.host)), in_f64(gates(kernel.host))),
                   128, dtype);
  }
}

TEST(MatmulParity, NothingToSumOverIsZero) {
  const Device device = device_under_test();
  for (const DType dtype : kFloats) {
    const Tensor a = Tensor::zeros({3, 2, 0}, dtype, device);
    EXPECT_TRUE(same(matmul(a, Tensor::zeros({3, 0, 4}, dtype, device)), Tensor::zeros({3, 2, 4}, dtype)));
    EXPECT_EQ(matmul(a, Tensor::zeros({3, 0, 0}, dtype, device)).shape(), (Shape{3, 2, 0}));
  }
}

TEST(MatmulParity, StrictMeansThatOperandsAreNotRounded) {
  const float odd = 1.0F + 0x1p-20F;  // not a TF32 number
  const Tensor a = Tensor::full({16, 16}, static_cast<double>(odd), DType::f32, device_under_test());
  const Tensor identity = Tensor::zeros({16, 16}, DType::f32);
  for (std::int64_t i = 0; i < 16; ++i) identity.data<float>()[i * 17] = 1;
  EXPECT_TRUE(same(matmul(a, identity.to(device_under_test())), a.to(cpu())));
  EXPECT_TRUE(same(matmul(identity.to(device_under_test()), a), a.to(cpu())));
}

// Other rows of the batch, and repeated calls, never change a row's bits.
TEST(MatmulParity, ARowDoesNotDependOnOthers) {
  for (const DType dtype : kFloats) {
    Random random(6);
    const Tensor x = random_pair(random, {40, 300}, dtype, Elements::ordinary).device;
    const Tensor w = random_pair(random, {300, 64}, dtype, Elements::ordinary).device;
    const Tensor expected = dot(x, w).to(cpu());
    EXPECT_TRUE(identical(dot(x, w).to(cpu()), expected));
    const Tensor others = x.clone();
    others.slice(0, 1, 40).fill(3.5);
    EXPECT_TRUE(identical(dot(others, w).slice(0, 0, 1).to(cpu()), expected.slice(0, 0, 1)));
  }
}

}  // namespace
}  // namespace rondo::test
