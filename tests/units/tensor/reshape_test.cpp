#include <gtest/gtest.h>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

using Floats = std::vector<float>;

Tensor counting(const Shape& shape) {
  Floats elements;
  for (std::int64_t i = 0; i < shape.numel(); ++i) elements.push_back(static_cast<float>(i));
  return Tensor::from(elements, shape);
}

// Expects the same elements in row-major order, and a view exactly where `is_view`.
void expect_reshape(const Tensor& x, const Shape& shape, bool is_view) {
  SCOPED_TRACE(to_string(x.shape()) + " with strides " + to_string(x.strides()) + " to " + to_string(shape));
  const Tensor reshaped = x.reshape(shape);
  EXPECT_EQ(reshaped.shape(), shape);
  EXPECT_EQ(reshaped.to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(reshaped.storage() == x.storage(), is_view);
}

TEST(Reshape, Contiguous) {
  const Tensor x = counting({2, 3, 4});
  for (const Shape& shape :
       {Shape{24}, Shape{6, 4}, Shape{2, 12}, Shape{4, 3, 2}, Shape{1, 24, 1}, Shape{2, 3, 2, 2}}) {
    expect_reshape(x, shape, true);
  }
  expect_reshape(counting({1}), {}, true);
  expect_reshape(counting({}), {1, 1}, true);
}

TEST(Reshape, ViewsWhereTheStridesAllowIt) {
  const Tensor x = counting({2, 3, 4});
  expect_reshape(x.transpose({2, 0, 1}), {4, 6}, true);     // joins two adjacent axes
  expect_reshape(x.transpose({2, 0, 1}), {2, 2, 6}, true);  // also cuts a strided axis
  expect_reshape(x.slice(2, 0, 2), {6, 2}, true);
  expect_reshape(x.slice(2, 0, 2), {6, 1, 2}, true);
  expect_reshape(x.slice(0, 1, -1, -1), {2, 12}, true);
  expect_reshape(counting({6}).slice(0, 0, 6, 2), {3, 1}, true);
  expect_reshape(counting({4}).broadcast_to({3, 4}), {3, 2, 2}, true);
  expect_reshape(counting({1}).broadcast_to({6}), {2, 3}, true);
  expect_reshape(x.slice(1, 0, 1), {2, 4}, true);
  expect_reshape(x.transpose({2, 1, 0}), {4, 3, 2}, true);
}

TEST(Reshape, CopiesWhereTheyDoNot) {
  const Tensor x = counting({2, 3, 4});
  expect_reshape(x.transpose({2, 0, 1}), {8, 3}, false);
  expect_reshape(x.transpose({2, 1, 0}), {24}, false);
  expect_reshape(x.slice(2, 0, 2), {12}, false);
  expect_reshape(x.slice(2, 0, 3), {6, 3}, true);
  expect_reshape(x.slice(2, 0, 3), {2, 9}, false);
  expect_reshape(x.slice(0, 1, -1, -1), {24}, false);
  expect_reshape(counting({4}).broadcast_to({3, 4}), {12}, false);
}

TEST(Reshape, FindsTheMissingSize) {
  const Tensor x = counting({2, 3, 4});
  EXPECT_EQ(x.reshape({-1}).shape(), (Shape{24}));
  EXPECT_EQ(x.reshape({4, -1}).shape(), (Shape{4, 6}));
  EXPECT_EQ(Tensor::zeros({0, 3}, DType::f32).reshape({-1, 3}).shape(), (Shape{0, 3}));
}

TEST(Reshape, Empty) {
  const Tensor none = Tensor::zeros({0, 3}, DType::f32);
  EXPECT_EQ(none.reshape({0}).shape(), (Shape{0}));
  EXPECT_EQ(none.transpose({1, 0}).reshape({7, 0}).shape(), (Shape{7, 0}));
  EXPECT_THROW((void)none.reshape({1}), ValueError);
}

TEST(Reshape, RefusesOtherNumbersOfElements) {
  const Tensor x = counting({2, 3});
  expect_error<ValueError>([&] { (void)x.reshape({4}); },
                           "shape: got (4,), expected the 6 elements of f32(2, 3) on cpu");
  expect_error<ValueError>(
      [&] {
        (void)x.reshape({-1, -1});
      },
      "shape: got (-1, -1), expected sizes of 0 and above, and at most one -1");
  EXPECT_THROW((void)x.reshape({4, -1}), ValueError);
  EXPECT_THROW((void)x.reshape({-2, -3}), ValueError);
  EXPECT_THROW((void)x.reshape({0, -1}), ValueError);
  EXPECT_THROW((void)x.reshape({std::int64_t{1} << 40, std::int64_t{1} << 40}), ValueError);
}

}  // namespace
}  // namespace rondo
