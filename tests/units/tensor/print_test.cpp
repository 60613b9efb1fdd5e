#include <gtest/gtest.h>

#include <cmath>

#include "rondo/tensor/tensor.h"

namespace rondo {
namespace {

TEST(Print, Describe) {
  EXPECT_EQ(describe(Tensor::zeros({2, 3}, DType::bf16)), "bf16(2, 3) on cpu");
  EXPECT_EQ(describe(Tensor::zeros({}, DType::boolean)), "bool() on cpu");
  EXPECT_EQ(describe(Tensor()), "an empty tensor");
}

TEST(Print, ElementsOfEveryDType) {
  EXPECT_EQ(to_string(Tensor::from<double>({1, -2.5, 1e-9, 1.0 / 3}, {4})),
            "f64(4,) on cpu [1, -2.5, 1e-09, 0.333333]");
  EXPECT_EQ(to_string(Tensor::from<float>({INFINITY, -INFINITY, NAN}, {3})), "f32(3,) on cpu [inf, -inf, nan]");
  EXPECT_EQ(to_string(Tensor::full({2}, 0.5, DType::f16)), "f16(2,) on cpu [0.5, 0.5]");
  EXPECT_EQ(to_string(Tensor::full({1}, 0.5, DType::bf16)), "bf16(1,) on cpu [0.5]");
  EXPECT_EQ(to_string(Tensor::from<std::int32_t>({-7, 0}, {2})), "i32(2,) on cpu [-7, 0]");
  EXPECT_EQ(to_string(Tensor::from<std::int64_t>({INT64_MAX}, {1})), "i64(1,) on cpu [9223372036854775807]");
  EXPECT_EQ(to_string(Tensor::from<bool>({true, false}, {2})), "bool(2,) on cpu [true, false]");
}

TEST(Print, Brackets) {
  EXPECT_EQ(to_string(Tensor::full({}, 3, DType::f32)), "f32() on cpu 3");
  EXPECT_EQ(to_string(Tensor::from<std::int32_t>({0, 1, 2, 3}, {2, 2})), "i32(2, 2) on cpu [[0, 1],\n [2, 3]]");
  EXPECT_EQ(to_string(Tensor::from<std::int32_t>({0, 1, 2, 3}, {2, 1, 2})),
            "i32(2, 1, 2) on cpu [[[0, 1]],\n [[2, 3]]]");
  EXPECT_EQ(to_string(Tensor::from<std::int32_t>({0, 1, 2, 3}, {1, 2, 2})),
            "i32(1, 2, 2) on cpu [[[0, 1],\n  [2, 3]]]");
  EXPECT_EQ(to_string(Tensor::zeros({0, 3}, DType::f32)), "f32(0, 3) on cpu []");
  EXPECT_EQ(to_string(Tensor::zeros({2, 0}, DType::f32)), "f32(2, 0) on cpu [[],\n []]");
  EXPECT_EQ(to_string(Tensor()), "an empty tensor");
}

TEST(Print, LongAxesAreShortened) {
  std::vector<std::int32_t> elements;
  for (std::int32_t i = 0; i < 11; ++i) elements.push_back(i);
  EXPECT_EQ(to_string(Tensor::from(elements, {11})), "i32(11,) on cpu [0, 1, 2, 3, ..., 7, 8, 9, 10]");
  elements.pop_back();
  EXPECT_EQ(to_string(Tensor::from(elements, {10})), "i32(10,) on cpu [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
}

TEST(Print, ViewsInTheirOwnOrder) {
  const Tensor x = Tensor::from<std::int32_t>({0, 1, 2, 3}, {2, 2});
  EXPECT_EQ(to_string(x.transpose({1, 0}).slice(1, 1, -1, -1)), "i32(2, 2) on cpu [[2, 0],\n [3, 1]]");
}

}  // namespace
}  // namespace rondo
