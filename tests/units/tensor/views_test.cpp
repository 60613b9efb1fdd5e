#include <gtest/gtest.h>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

using Floats = std::vector<float>;

const Tensor kCounting = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});

TEST(Views, ShareElements) {
  const Tensor x = kCounting.clone();
  x.select(1, 1).fill(9);
  EXPECT_EQ(x.to_vector<float>(), (Floats{0, 9, 2, 3, 9, 5}));
  x.transpose({1, 0}).slice(0, 2, 3).fill(8);
  EXPECT_EQ(x.to_vector<float>(), (Floats{0, 9, 8, 3, 9, 8}));
}

TEST(Views, Slice) {
  EXPECT_EQ(kCounting.slice(1, 1, 3).to_vector<float>(), (Floats{1, 2, 4, 5}));
  EXPECT_EQ(kCounting.slice(-1, 0, 3, 2).to_vector<float>(), (Floats{0, 2, 3, 5}));
  EXPECT_EQ(kCounting.slice(1, 2, -1, -1).to_vector<float>(), (Floats{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(kCounting.slice(1, 2, 0, -2).to_vector<float>(), (Floats{2, 5}));
  EXPECT_EQ(kCounting.slice(0, 1, 1).shape(), (Shape{0, 3}));
  EXPECT_EQ(kCounting.slice(0, 2, 2).shape(), (Shape{0, 3}));
  EXPECT_EQ(Tensor::zeros({0, 3}, DType::f32).slice(0, -1, -1, -1).shape(), (Shape{0, 3}));
}

TEST(Views, SlicesOutsideThrow) {
  expect_error<ValueError>([] { (void)kCounting.slice(1, 1, 4); },
                           "slice: got 1:4:1, expected a range inside axis 1 of f32(2, 3) on cpu");
  EXPECT_THROW((void)kCounting.slice(1, 2, 1), ValueError);
  EXPECT_THROW((void)kCounting.slice(1, -1, 2), ValueError);
  EXPECT_THROW((void)kCounting.slice(1, 0, 3, 0), ValueError);
  EXPECT_THROW((void)kCounting.slice(1, 3, -1, -1), ValueError);
  EXPECT_THROW((void)kCounting.slice(1, 2, -2, -1), ValueError);
  EXPECT_THROW((void)kCounting.slice(1, 0, 1, -1), ValueError);
  EXPECT_THROW((void)kCounting.slice(2, 0, 1), ValueError);
}

TEST(Views, Select) {
  EXPECT_EQ(kCounting.select(0, 1).to_vector<float>(), (Floats{3, 4, 5}));
  EXPECT_EQ(kCounting.select(-1, 2).to_vector<float>(), (Floats{2, 5}));
  EXPECT_EQ(kCounting.select(0, 1).select(0, 2).item(), 5);
  expect_error<ValueError>([] { (void)kCounting.select(1, 3); },
                           "index: got 3, expected one inside axis 1 of f32(2, 3) on cpu");
  EXPECT_THROW((void)kCounting.select(1, -1), ValueError);
}

TEST(Views, Transpose) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {1, 2, 3});
  const Tensor moved = x.transpose({2, 0, 1});
  EXPECT_EQ(moved.shape(), (Shape{3, 1, 2}));
  EXPECT_EQ(moved.to_vector<float>(), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(x.transpose({-1, -2, -3}).shape(), (Shape{3, 2, 1}));
  EXPECT_EQ(x.swap_axes(1, -1).to_vector<float>(), (Floats{0, 3, 1, 4, 2, 5}));
  expect_error<ValueError>(
      [&] {
        (void)x.transpose({0, 1});
      },
      "order: got 2 axes, expected each axis of f32(1, 2, 3) on cpu once");
  EXPECT_THROW((void)x.transpose({0, 1, 1}), ValueError);
  EXPECT_THROW((void)x.transpose({0, 1, -2}), ValueError);
  EXPECT_THROW((void)x.transpose({0, 1, 3}), ValueError);
  EXPECT_THROW((void)x.swap_axes(0, 3), ValueError);
}

TEST(Views, AxesAreAddedAndRemoved) {
  EXPECT_EQ(kCounting.insert_axis(0).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(kCounting.insert_axis(2).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(kCounting.insert_axis(1).erase_axis(1).to_vector<float>(), kCounting.to_vector<float>());
  EXPECT_EQ(kCounting.insert_axis(0).erase_axis(-3).shape(), (Shape{2, 3}));
  EXPECT_THROW((void)kCounting.insert_axis(3), ValueError);
  expect_error<ValueError>([] { (void)kCounting.erase_axis(1); },
                           "axis: got 1 of f32(2, 3) on cpu, expected an axis of size 1");
}

TEST(Views, Broadcast) {
  const Tensor row = Tensor::from<float>({1, 2}, {2});
  EXPECT_EQ(row.broadcast_to({2, 2}).to_vector<float>(), (Floats{1, 2, 1, 2}));
  EXPECT_EQ(row.insert_axis(1).broadcast_to({2, 2}).to_vector<float>(), (Floats{1, 1, 2, 2}));
  EXPECT_EQ(row.slice(0, 0, 1).broadcast_to({3}).to_vector<float>(), (Floats{1, 1, 1}));
  EXPECT_EQ(Tensor::full({}, 4, DType::f32).broadcast_to({2}).to_vector<float>(), (Floats{4, 4}));
  EXPECT_EQ(row.slice(0, 0, 1).broadcast_to({0}).shape(), (Shape{0}));
  expect_error<ValueError>([&] { (void)row.broadcast_to({3}); },
                           "tensor: got f32(2,) on cpu, expected a shape that broadcasts to (3,)");
  EXPECT_THROW((void)row.broadcast_to({2, 3}), ValueError);
  EXPECT_THROW((void)kCounting.broadcast_to({3}), ValueError);
}

TEST(Views, Contiguity) {
  EXPECT_TRUE(kCounting.is_contiguous());
  EXPECT_TRUE(kCounting.slice(0, 1, 2).is_contiguous());
  EXPECT_TRUE(kCounting.slice(0, 0, 2, 2).is_contiguous());  // the stride of a single row is never used
  EXPECT_FALSE(kCounting.slice(1, 0, 2).is_contiguous());
  EXPECT_FALSE(kCounting.transpose({1, 0}).is_contiguous());
  EXPECT_FALSE(kCounting.slice(1, 2, -1, -1).is_contiguous());
  EXPECT_EQ(kCounting.contiguous().data(), kCounting.data());
  const Tensor packed = kCounting.transpose({1, 0}).contiguous();
  EXPECT_TRUE(packed.is_contiguous());
  EXPECT_EQ(packed.to_vector<float>(), (Floats{0, 3, 1, 4, 2, 5}));
}

}  // namespace
}  // namespace rondo
