// What is wrong with a request, by table.

#include "serving/request_check.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "units/serving/pool_double.h"

namespace rondo {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

SlotPoolSizes sizes_of(DType dtype = DType::f32) {
  SlotPoolSizes sizes = test::double_sizes(2, 2, 2);
  sizes.input_features = 3;
  sizes.dtype = dtype;
  return sizes;
}

Tensor steps_of(const Tensor& x, bool refuse_nan = true, DType dtype = DType::f32) {
  return checked_steps({.stream = std::uint64_t{1}, .x = x}, sizes_of(dtype), refuse_nan);
}

std::string message_of(const Tensor& x, bool refuse_nan = true, DType dtype = DType::f32) {
  try {
    (void)steps_of(x, refuse_nan, dtype);
  } catch (const ValueError& error) {
    return error.what();
  }
  return "none";
}

TEST(RequestCheck, RefusesWhatIsNotStepsOfThePool) {
  struct Case {
    Tensor x;
    std::string message;
  };
  const Case cases[] = {
      {{}, "x: got an empty tensor, expected f32(1, 3) on cpu, one row for each step"},
      {Tensor::zeros({3}, DType::f32), "x: got f32(3,) on cpu, expected f32(1, 3) on cpu, one row for each step"},
      {Tensor::zeros({0, 3}, DType::f32), "x: got f32(0, 3) on cpu, expected f32(1, 3) on cpu, one row for each step"},
      {Tensor::zeros({2, 4}, DType::f32), "x: got f32(2, 4) on cpu, expected f32(2, 3) on cpu, one row for each step"},
      {Tensor::zeros({2, 3}, DType::f64), "x: got f64(2, 3) on cpu, expected f32(2, 3) on cpu, one row for each step"},
      {Tensor::zeros({1, 2, 3}, DType::f32),
       "x: got f32(1, 2, 3) on cpu, expected f32(1, 3) on cpu, one row for each step"},
  };
  for (const Case& wrong : cases) EXPECT_EQ(message_of(wrong.x), wrong.message);
}

TEST(RequestCheck, RefusesNumbersThatAreNotFinite) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    for (const float value : {kNaN, -kNaN, kInfinity, -kInfinity}) {
      for (std::int64_t at = 0; at < 6; ++at) {
        const Tensor x = Tensor::full({2, 3}, 0.5, DType::f32);
        x.data<float>()[at] = value;
        const std::string what = value != value ? "NaN" : "infinity";
        EXPECT_EQ(message_of(x.to(dtype), true, dtype),
                  "x: got " + what + " in step " + std::to_string(at / 3) + ", expected finite numbers");
        EXPECT_EQ(message_of(x.to(dtype), false, dtype), "none");
      }
    }
    const Tensor largest = Tensor::full({2, 3}, dtype == DType::f16 ? 65504.0 : 3.0e38, dtype);
    EXPECT_EQ(message_of(largest, true, dtype), "none") << to_string(dtype);
  }
}

TEST(RequestCheck, CopiesOnlyWhatIsNotRowMajor) {
  const Tensor x = Tensor::from({1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}, {3, 2});
  EXPECT_TRUE(test::identical(steps_of(x.transpose({1, 0})), x.transpose({1, 0}).clone()));
  const Tensor rows = Tensor::zeros({2, 3}, DType::f32);
  EXPECT_EQ(steps_of(rows).data(), rows.data());
}

TEST(RequestCheck, AnEndNeedsNoSteps) {
  const StreamRequest without_x = {.stream = std::uint64_t{1}, .x = {}, .end = true};
  EXPECT_EQ(checked_steps(without_x, sizes_of(), true).shape(), (Shape{0, 3}));
  const StreamRequest no_steps = {.stream = std::uint64_t{1}, .x = Tensor::zeros({0, 3}, DType::f32), .end = true};
  EXPECT_EQ(checked_steps(no_steps, sizes_of(), true).shape(), (Shape{0, 3}));
  const StreamRequest wide = {.stream = std::uint64_t{1}, .x = Tensor::zeros({0, 4}, DType::f32), .end = true};
  EXPECT_THROW(checked_steps(wide, sizes_of(), true), ValueError);
}

}  // namespace
}  // namespace rondo
