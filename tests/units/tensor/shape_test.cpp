#include "rondo/vocabulary/shape.h"

#include <gtest/gtest.h>

#include <vector>

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

TEST(Shape, SizesFromBothEnds) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape.resolve_axis(-3), 0);
  expect_error<ValueError>([&] { shape[3]; }, "axis: got 3, expected an axis of a rank 3 shape");
  expect_error<ValueError>([&] { shape[-4]; }, "axis: got -4, expected an axis of a rank 3 shape");
  EXPECT_THROW(Shape{}[0], ValueError);
}

TEST(Shape, AtMostEightAxes) {
  const Shape eight{1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(eight.rank(), kMaxRank);
  expect_error<ValueError>([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }, "shape: got 9 axes, expected at most 8");
  expect_error<ValueError>([&] { eight.insert(0, 1); }, "shape: got a ninth axis, expected at most 8 axes");
}

TEST(Shape, NumelIsOneForRankZeroAndNeverOverflows) {
  EXPECT_EQ(Shape{}.numel(), 1);
  EXPECT_EQ((Shape{2, 3, 5}).numel(), 30);
  EXPECT_EQ((Shape{2, 0, 5}).numel(), 0);
  const std::int64_t huge = std::int64_t{1} << 40;
  expect_error<ValueError>(
      [&] {
        (Shape{huge, huge}).numel();
      },
      "shape: got (1099511627776, 1099511627776), expected fewer than 2^63 elements");
  EXPECT_THROW((Shape{0, huge, huge}).numel(), ValueError);
}

TEST(Shape, InsertAndErase) {
  EXPECT_EQ((Shape{2, 3}).insert(0, 7), (Shape{7, 2, 3}));
  EXPECT_EQ((Shape{2, 3}).insert(1, 7), (Shape{2, 7, 3}));
  EXPECT_EQ((Shape{2, 3}).insert(2, 7), (Shape{2, 3, 7}));
  EXPECT_EQ((Shape{2, 3, 5}).erase(1), (Shape{2, 5}));
  EXPECT_EQ((Shape{2, 3, 5}).erase(-1), (Shape{2, 3}));
  EXPECT_EQ((Shape{2}).erase(0), Shape{});
  EXPECT_THROW((Shape{2, 3}).insert(3, 1), ValueError);
  EXPECT_THROW((Shape{2, 3}).insert(-1, 1), ValueError);
  EXPECT_THROW(Shape{}.erase(0), ValueError);
}

TEST(Shape, Equality) {
  EXPECT_EQ((Shape{2, 3}), Shape(std::vector<std::int64_t>{2, 3}));
  EXPECT_FALSE((Shape{2, 3}) == (Shape{2, 3, 1}));
  EXPECT_FALSE((Shape{2, 3}) == (Shape{3, 2}));
  EXPECT_FALSE(Shape{} == Shape{1});
}

TEST(Shape, PrintsAsPythonDoes) {
  EXPECT_EQ(to_string(Shape{}), "()");
  EXPECT_EQ(to_string(Shape{4}), "(4,)");
  EXPECT_EQ(to_string(Shape{2, 3}), "(2, 3)");
}

TEST(Strides, RowMajorWithoutGaps) {
  EXPECT_EQ(contiguous_strides({2, 3, 5}), (Strides{15, 5, 1}));
  EXPECT_EQ(contiguous_strides({}), Strides{});
}

TEST(Broadcast, AsNumPy) {
  EXPECT_EQ(broadcast_shapes({2, 3}, {3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({3}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({2, 1}, {1, 5}), (Shape{2, 5}));
  EXPECT_EQ(broadcast_shapes({}, {4}), (Shape{4}));
  EXPECT_EQ(broadcast_shapes({0, 3}, {1, 3}), (Shape{0, 3}));
  EXPECT_EQ(broadcast_shapes({1}, {0}), (Shape{0}));
  const std::string expected = ", expected sizes that are equal or 1 on every axis";
  expect_error<ValueError>([] { broadcast_shapes({2, 3}, {2}); }, "shapes: got (2, 3) and (2,)" + expected);
  expect_error<ValueError>([] { broadcast_shapes({0}, {2}); }, "shapes: got (0,) and (2,)" + expected);
}

}  // namespace
}  // namespace rondo
