// Operators on tensors are the ops.

#include "rondo/ops/operators.h"

#include <gtest/gtest.h>

#include "rondo/keras/rnn.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

const Tensor kA = Tensor::from({1.0F, 2.0F, -3.0F, 4.5F}, {2, 2});
const Tensor kB = Tensor::from({2.0F, -0.5F, 4.0F, 8.0F}, {2, 2});

Tensor floats(std::vector<float> values) { return Tensor::from(values, {2, 2}); }

TEST(Operators, OfTwoTensors) {
  EXPECT_TRUE(identical(kA + kB, add(kA, kB)));
  EXPECT_TRUE(identical(kA - kB, sub(kA, kB)));
  EXPECT_TRUE(identical(kA * kB, mul(kA, kB)));
  EXPECT_TRUE(identical(kA / kB, div(kA, kB)));
  EXPECT_TRUE(identical(-kA, neg(kA)));
}

TEST(Operators, WithANumber) {
  EXPECT_TRUE(identical(kA + 1, floats({2, 3, -2, 5.5})));
  EXPECT_TRUE(identical(1 + kA, floats({2, 3, -2, 5.5})));
  EXPECT_TRUE(identical(kA - 1, floats({0, 1, -4, 3.5})));
  EXPECT_TRUE(identical(1 - kA, floats({0, -1, 4, -3.5})));
  EXPECT_TRUE(identical(2 * kA, floats({2, 4, -6, 9})));
  EXPECT_TRUE(identical(kA * 0.5, floats({0.5, 1, -1.5, 2.25})));
  EXPECT_TRUE(identical(kA / 3, floats({1.0F / 3, 2.0F / 3, -1, 1.5})));
  EXPECT_TRUE(identical(9 / kA, floats({9, 4.5, -3, 2})));
  const Tensor integers = Tensor::from<std::int32_t>({1, 2}, {2});
  EXPECT_TRUE(identical(integers * 3 - 1, Tensor::from<std::int32_t>({2, 5}, {2})));
  EXPECT_THROW((void)(integers + 0.5), ValueError);
}

TEST(Operators, InAStepFunction) {
  const auto step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
    Tensor average = 0.75 * states[0] + 0.25 * x;
    return {average, {average}};
  };
  const Tensor x = Tensor::full({1, 2, 1}, 1.0, DType::f32);
  EXPECT_EQ(rnn(step, x, {Tensor::zeros({1, 1}, DType::f32)}).last_output.leaf().item(), 1 - 0.75 * 0.75);
}

}  // namespace
}  // namespace rondo::test
