#include <gtest/gtest.h>

#include <cmath>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

constexpr DType kAll[] = {DType::f64, DType::f32, DType::f16,     DType::bf16,
                          DType::i32, DType::i64, DType::boolean, DType::u8};

// The value of `dtype` after conversion from a small multiple of 1/4 in `from`, which every float holds exactly. To a
// byte, floats are cut to 0 .. 255, and integers wrap around.
double stored(double value, DType from, DType dtype) {
  if (dtype == DType::boolean) return value != 0 ? 1 : 0;
  if (dtype == DType::u8 && value < 0) return is_floating(from) ? 0 : 256 + value;
  return is_floating(dtype) ? value : std::trunc(value);
}

TEST(Copy, AllPairsOfDTypes) {
  const std::vector<double> values{0, 1, -1, 2.75, -2.75, 100.5};
  for (const DType from : kAll) {
    for (const DType to : kAll) {
      SCOPED_TRACE(to_string(from) + " to " + to_string(to));
      const Tensor source = Tensor::from(values, {2, 3}).to(from);
      std::vector<double> expected;
      for (const double value : values) expected.push_back(stored(stored(value, DType::f64, from), from, to));
      const Tensor converted = source.to(to);
      EXPECT_EQ(converted.dtype(), to);
      EXPECT_EQ(converted.to(DType::f64).to_vector<double>(), expected);
      // The copy uses strides: into every second column, from a transposed tensor.
      const Tensor wide = Tensor::full({2, 6}, 1, to);
      const Tensor target = wide.slice(1, 1, 6, 2);
      target.copy_from(source.transpose({1, 0}).clone().transpose({1, 0}));
      EXPECT_EQ(target.to(DType::f64).to_vector<double>(), expected);
      EXPECT_EQ(wide.slice(1, 0, 6, 2).to(DType::f64).to_vector<double>(), std::vector<double>(6, 1.0));
    }
  }
}

TEST(Copy, RoundsToNearest) {
  EXPECT_EQ(Tensor::full({}, 1 + 0x1p-24 + 0x1p-40, DType::f64).to(DType::f32).item(), 1 + 0x1p-23);
  EXPECT_EQ(Tensor::full({}, 1 + 0x1p-11, DType::f32).to(DType::f16).item(), 1.0);
  EXPECT_EQ(Tensor::full({}, 1e6, DType::f32).to(DType::f16).item(), INFINITY);
}

TEST(Copy, KeepsItselfWhereNothingChanges) {
  const Tensor x = Tensor::zeros({2}, DType::f32);
  EXPECT_EQ(x.to(DType::f32).data(), x.data());
  EXPECT_EQ(x.to(cpu()).data(), x.data());
  EXPECT_NE(x.clone().data(), x.data());
}

TEST(Copy, Broadcasts) {
  const Tensor x = Tensor::zeros({2, 3}, DType::f32);
  x.copy_from(Tensor::from<std::int32_t>({1, 2, 3}, {3}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 2, 3, 1, 2, 3}));
  expect_error<ValueError>([&] { x.copy_from(Tensor::zeros({2}, DType::f32)); },
                           "tensor: got f32(2,) on cpu, expected a shape that broadcasts to (2, 3)");
}

TEST(Copy, WritesThroughViewsOfEveryKind) {
  const Tensor x = Tensor::zeros({2, 3}, DType::f32);
  x.slice(1, 2, -1, -1).copy_from(Tensor::from<float>({1, 2, 3}, {3}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{3, 2, 1, 3, 2, 1}));
  x.transpose({1, 0}).copy_from(Tensor::from<float>({1, 2, 3, 4, 5, 6}, {3, 2}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 3, 5, 2, 4, 6}));
  x.slice(0, 0, 2, 2).select(1, 1).fill(-1);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, -1, 5, 2, 4, 6}));
}

TEST(Copy, WalksEightAxes) {
  const Shape shape{2, 1, 2, 3, 1, 2, 2, 2};
  std::vector<std::int64_t> elements;
  for (std::int64_t i = 0; i < shape.numel(); ++i) elements.push_back(i);
  const Tensor x = Tensor::from(elements, shape);
  const Tensor back = x.transpose({7, 6, 5, 4, 3, 2, 1, 0}).clone();
  EXPECT_EQ(back.to_vector<std::int64_t>()[1], 48);  // one step of the first axis
  EXPECT_EQ(back.transpose({7, 6, 5, 4, 3, 2, 1, 0}).to_vector<std::int64_t>(), elements);
}

TEST(Copy, Empty) {
  const Tensor none = Tensor::zeros({0, 3}, DType::f32);
  EXPECT_EQ(none.clone().shape(), (Shape{0, 3}));
  EXPECT_TRUE(none.to(DType::i32).to_vector<std::int32_t>().empty());
  none.fill(1);
  none.copy_from(Tensor::full({}, 1, DType::f32));
}

}  // namespace
}  // namespace rondo
