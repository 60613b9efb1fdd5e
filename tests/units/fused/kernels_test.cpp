// The vector kernels, for every instruction set of the machine: accuracy of the functions, products, conversions.

#include "cpu/fused/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "cpu/threads/flush_denormals.h"
#include "rondo/vocabulary/float16.h"
#include "support/random.h"
#include "units/fused/accuracy.h"
#include "units/fused/product_case.h"

namespace rondo::fused {
namespace {

using test::Random;

// Numbers of every exponent and both signs, with random fractions, and special values.
std::vector<float> all_exponents() {
  std::vector<float> numbers{0.0F, -0.0F};
  Random random(1);
  for (int exponent = -149; exponent <= 127; ++exponent) {
    for (int k = 0; k < 400; ++k) {
      const auto number = static_cast<float>(std::ldexp(random.uniform(1.0, 2.0), exponent));
      numbers.push_back(number);
      numbers.push_back(-number);
    }
  }
  for (float x = -110.0F; x < 110.0F; x += 0.00731F) numbers.push_back(x);
  return numbers;
}

using RowFunction = void (*)(const float*, std::int64_t, float*);

// Applies a function to a row as in a run, and checks that memory around the row is unchanged.
std::vector<float> apply(RowFunction function, const std::vector<float>& x) {
  const FlushDenormals flush_denormals;
  std::vector<float> y(x.size() + 2, 7.0F);
  function(x.data(), static_cast<std::int64_t>(x.size()), y.data() + 1);
  EXPECT_EQ(y.front(), 7.0F);
  EXPECT_EQ(y.back(), 7.0F);
  return {y.begin() + 1, y.end() - 1};
}

void expect_accurate(RowFunction function, double (*exact)(double), const char* what) {
  const std::vector<float> x = test::floats_of_all_kinds();
  const std::vector<float> y = apply(function, x);
  test::WorstUnits worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_FALSE(std::abs(y[i]) > 1.0F) << what << "(" << x[i] << ")";
    worst.take(y[i], exact(static_cast<double>(x[i])), x[i]);
  }
  worst.expect_at_most(4.0, what);
}

class FusedKernels : public ::testing::TestWithParam<const KernelTable*> {};

TEST_P(FusedKernels, SigmoidAndTanhAreWithinFourUnits) {
  expect_accurate(
      GetParam()->sigmoid, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }, "sigmoid");
  expect_accurate(
      GetParam()->tanh, [](double x) { return std::tanh(x); }, "tanh");
}

TEST_P(FusedKernels, SpecialNumbers) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{infinity, -infinity, nan, 0.0F, 100.0F, -100.0F};
  const std::vector<float> sigmoids = apply(GetParam()->sigmoid, x);
  EXPECT_EQ(sigmoids[0], 1.0F);
  EXPECT_EQ(sigmoids[1], 0.0F);
  EXPECT_TRUE(std::isnan(sigmoids[2]));
  EXPECT_EQ(sigmoids[3], 0.5F);
  EXPECT_EQ(sigmoids[4], 1.0F);
  EXPECT_EQ(sigmoids[5], 0.0F);
  const std::vector<float> tanhs = apply(GetParam()->tanh, x);
  EXPECT_EQ(tanhs[0], 1.0F);
  EXPECT_EQ(tanhs[1], -1.0F);
  EXPECT_TRUE(std::isnan(tanhs[2]));
  EXPECT_EQ(tanhs[3], 0.0F);
  EXPECT_EQ(tanhs[4], 1.0F);
}

TEST_P(FusedKernels, ProductsOfAllTilesAreTheSameSums) {
  Random random(2);
  for (const int vectors : {3, 4}) {
    const ProductKernel kernel = GetParam()->product(DType::f32, vectors);
    ASSERT_LE(kernel.most_rows, kMostRows);
    const ProductCase problem(random, 37, vectors, GetParam()->lanes);
    std::vector<float> first(
        static_cast<std::size_t>(4 * problem.width()));  // products of row 0 with all panels, one by one
    for (int row_count = 1; row_count <= kernel.most_rows; ++row_count) {
      for (const int panel_count : {1, kernel.panels_at_once(row_count)}) {
        ASSERT_LE(row_count * panel_count, kMostRows);
        alignas(64) float sums[kMostSums];
        kernel.multiply(problem.product(row_count, panel_count, problem.panels.data(), sums));
        const float* sum = sums;
        for (int panel = 0; panel < panel_count; ++panel) {
          for (int row = 0; row < row_count; ++row) {
            for (std::int64_t column = 0; column < problem.width(); ++column, ++sum) {
              ASSERT_NEAR(*sum, problem.exact(panel, row, column), 2e-5);
              if (row != 0) continue;
              float& same = first[static_cast<std::size_t>(panel * problem.width() + column)];
              if (same == 0.0F) same = *sum;
              ASSERT_EQ(*sum, same) << "row 0 depends on other rows";
            }
          }
        }
      }
    }
  }
}

template <typename Element>
void expect_narrow_products(const KernelTable& kernels, DType dtype) {
  Random random(3);
  for (const int vectors : {3, 4}) {
    ProductCase problem(random, 11, vectors, kernels.lanes);
    std::vector<Element> narrow;
    for (float& weight : problem.panels) {
      narrow.emplace_back(weight);
      weight = static_cast<float>(narrow.back());
    }
    const ProductKernel kernel = kernels.product(dtype, vectors);
    const ProductKernel wide_kernel = kernels.product(DType::f32, vectors);
    alignas(64) float sums[kMostSums];
    alignas(64) float wide[kMostSums];
    for (int rows = 1; rows <= kernel.most_rows; ++rows) {
      const int panels = kernel.panels_at_once(rows);
      kernel.multiply(problem.product(rows, panels, narrow.data(), sums));
      wide_kernel.multiply(problem.product(rows, panels, problem.panels.data(), wide));
      for (std::int64_t i = 0; i < panels * rows * problem.width(); ++i) ASSERT_EQ(sums[i], wide[i]);
    }
  }
}

TEST_P(FusedKernels, WeightsOf16BitsAreWidenedExactly) {
  expect_narrow_products<BFloat16>(*GetParam(), DType::bf16);
  expect_narrow_products<Float16>(*GetParam(), DType::f16);
}

// Every 16-bit number is converted to the equal float and back.
template <typename Element>
void expect_conversions(const KernelTable& kernels, DType dtype) {
  std::vector<Element> narrow(65536);
  for (std::size_t i = 0; i < narrow.size(); ++i) narrow[i].bits = static_cast<std::uint16_t>(i);
  std::vector<float> wide(narrow.size());
  kernels.load_row(dtype, narrow.data(), 65535, wide.data());
  wide[65535] = static_cast<float>(narrow[65535]);
  std::vector<Element> back(narrow.size());
  kernels.store_row(wide.data(), 65535, dtype, back.data());
  for (std::size_t i = 0; i < 65535; ++i) {
    const auto expected = static_cast<float>(narrow[i]);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(wide[i]) && std::isnan(static_cast<float>(back[i]))) << i;
    } else {
      ASSERT_EQ(std::memcmp(&wide[i], &expected, sizeof expected), 0) << i;
      ASSERT_EQ(back[i].bits, narrow[i].bits) << i;
    }
  }
  EXPECT_EQ(back[65535].bits, 0);
}

// Numbers between two 16-bit numbers are rounded like Float16 and BFloat16.
template <typename Element>
void expect_rounding(const KernelTable& kernels, DType dtype) {
  std::vector<float> wide = all_exponents();
  for (int k = 0; k < 4096; ++k) wide.push_back(1.0F + static_cast<float>(k) / 4096.0F);  // includes ties
  std::vector<Element> narrow(wide.size());
  kernels.store_row(wide.data(), static_cast<std::int64_t>(wide.size()), dtype, narrow.data());
  for (std::size_t i = 0; i < wide.size(); ++i) ASSERT_EQ(narrow[i].bits, Element(wide[i]).bits) << wide[i];
}

TEST_P(FusedKernels, RowsOf16Bits) {
  expect_conversions<BFloat16>(*GetParam(), DType::bf16);
  expect_conversions<Float16>(*GetParam(), DType::f16);
  expect_rounding<BFloat16>(*GetParam(), DType::bf16);
  expect_rounding<Float16>(*GetParam(), DType::f16);
}

INSTANTIATE_TEST_SUITE_P(Targets, FusedKernels, ::testing::ValuesIn(all_kernels()),
                         [](const auto& table) { return std::string(table.param->target); });

}  // namespace
}  // namespace rondo::fused
