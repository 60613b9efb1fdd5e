// Weights in 8 bits: quantize and dequantize.
#include "rondo/recurrence/quantized.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

/// A matrix whose columns have other sizes of numbers.
Tensor uneven_matrix() {
  Random random(2);
  const Tensor matrix = random.tensor({37, 6}, 1.0, DType::f32);
  for (std::int64_t column = 0; column < 6; ++column) {
    for (std::int64_t k = 0; k < 37; ++k) {
      matrix.data<float>()[k * 6 + column] *= std::pow(10.0F, static_cast<float>(4 * column - 12));
    }
  }
  matrix.select(1, 3).fill(0.0);
  return matrix;
}

TEST(Quantized, NumbersAreWithinHalfAStep) {
  const Tensor matrix = uneven_matrix();
  const QuantizedMatrix small = quantize(matrix);
  EXPECT_EQ(small.bytes.dtype(), DType::u8);
  EXPECT_EQ(small.bytes.shape(), matrix.shape());
  const std::vector<float> scales = small.scales.to_vector<float>();
  const Tensor again = dequantize(small);
  for (std::int64_t column = 0; column < 6; ++column) {
    const Tensor numbers = matrix.select(1, column).clone();
    const float scale = scales[static_cast<std::size_t>(column)];
    EXPECT_EQ(scale, static_cast<float>(largest_magnitude(numbers)) / 127.0F);
    EXPECT_TRUE(within(again.select(1, column).clone(), numbers, 0.5001 * static_cast<double>(scale))) << column;
  }
  EXPECT_EQ(scales[3], 0.0F);
}

TEST(Quantized, NumbersThatWereRoundedKeepTheirIntegers) {
  const QuantizedMatrix first = quantize(uneven_matrix());
  const QuantizedMatrix second = quantize(dequantize(first));
  EXPECT_TRUE(identical(second.bytes, first.bytes));
  EXPECT_TRUE(close(second.scales, first.scales, 0x1p-23));
}

TEST(Quantized, ColumnsOfNumbersThatAreHardlyAnyAreZeros) {
  Tensor matrix = Tensor::full({3, 2}, 1e-37, DType::f32);
  matrix.select(1, 1).fill(1e-35);
  const QuantizedMatrix small = quantize(matrix);
  EXPECT_EQ(small.scales.to_vector<float>()[0], 0.0F);
  EXPECT_TRUE(identical(dequantize(small).select(1, 0).clone(), Tensor::zeros({3}, DType::f32)));
  EXPECT_EQ(small.bytes.to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{128, 255, 128, 255, 128, 255}));
}

TEST(Quantized, WeightsOfALayer) {
  Random random(3);
  const RecurrentWeights weights{random.tensor({3, 8}, 1.0, DType::f64), random.tensor({2, 8}, 1.0, DType::f64),
                                 random.tensor({8}, 1.0, DType::f64)};
  const RecurrentWeights again = dequantize(quantize(weights));
  EXPECT_TRUE(close(again.kernel, weights.kernel.to(DType::f32), 4e-3));
  EXPECT_TRUE(close(again.recurrent_kernel, weights.recurrent_kernel.to(DType::f32), 4e-3));
  EXPECT_TRUE(identical(*again.bias, weights.bias->to(DType::f32)));
  EXPECT_NO_THROW(check_weights({.units = 2}, again));
}

TEST(Quantized, RefusesWhatHasNoScale) {
  expect_words([] { (void)quantize(Tensor::zeros({3}, DType::f32), "w"); }, {"w: got", "rank 2"});
  expect_words([] { (void)quantize(Tensor::zeros({3, 2}, DType::i32), "w"); }, {"w: got i32(3, 2)"});
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    Tensor matrix = Tensor::zeros({3, 2}, DType::f32);
    matrix.select(1, 1).slice(0, 2, 3).fill(bad);
    expect_words([&] { (void)quantize(matrix, "w"); }, {"w: got numbers that are not finite in column 1"});
  }
  const Tensor bytes = Tensor::zeros({3, 2}, DType::u8);
  expect_words(
      [&] {
        (void)dequantize(QuantizedMatrix{bytes.to(DType::i32), Tensor::zeros({2}, DType::f32)});
      },
      {"matrix bytes", "u8"});
  expect_words(
      [&] {
        (void)dequantize(QuantizedMatrix{bytes, Tensor::zeros({3}, DType::f32)});
      },
      {"matrix scales", "f32(2,)"});
}

}  // namespace
}  // namespace rondo::test
