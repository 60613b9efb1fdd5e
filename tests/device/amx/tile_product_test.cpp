// Products on simulated tile registers, and the numbers that are split for them.

#include "cpu/fused/amx/tile_product.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/fused/split.h"
#include "cpu/threads/flush_denormals.h"
#include "device/amx/simulated_tiles.h"
#include "support/random.h"

namespace rondo::fused {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float widened(BFloat16 number) { return static_cast<float>(number); }

/// Rows and a panel of pairs, in one part or two, for a product of K pairs.
class PairsCase {
 public:
  PairsCase(std::int64_t K, int vectors, int lanes, int parts)
      : K_(K), parts_(parts), width_(std::int64_t{vectors} * lanes), stride_(parts * K + 16) {
    test::Random random(static_cast<std::uint64_t>(K + vectors));
    const auto draw = [&](std::vector<float>& numbers, std::int64_t count) {
      numbers.resize(static_cast<std::size_t>(count));
      for (float& number : numbers) number = static_cast<float>(random.uniform(-1, 1));
    };
    draw(row_numbers_, kMostTileRows * 2 * K);
    draw(weights_, 2 * K * width_);
    draw(start_, width_);
    pack();
  }

  /// The sums of some rows, on registers, with two rows of guards behind them.
  std::vector<float> sums(const ProductKernel& kernel, int first, int count, bool has_start) const {
    std::vector<float> sums(static_cast<std::size_t>((count + 2) * width_), kInfinity);
    const float* const row = rows_.data() + first * stride_;
    kernel.multiply({.rows = &row,
                     .row_count = count,
                     .K = K_,
                     .panels = panel_.data(),
                     .panel_stride = 0,
                     .panel_count = 1,
                     .prefetch = {.what = count % 2 == 0 ? Prefetch::What::own : Prefetch::What::nothing},
                     .start = has_start ? start_.data() : nullptr,
                     .sums = sums.data(),
                     .sums_stride = 0,
                     .row_stride = stride_});
    return sums;
  }

  double exact(int row, std::int64_t column, bool has_start) const {
    double sum = has_start ? static_cast<double>(at(start_, column)) : 0.0;
    for (std::int64_t k = 0; k < 2 * K_; ++k) {
      sum += static_cast<double>(operand(at(row_numbers_, row * 2 * K_ + k))) *
             static_cast<double>(operand(at(weights_, k * width_ + column)));
    }
    return sum;
  }

  std::int64_t width() const { return width_; }
  /// Numbers that are split lose 2^-18 each, and the product of their low parts.
  double tolerance() const { return parts_ == 2 ? 1e-4 : 3e-5; }

 private:
  static float at(const std::vector<float>& numbers, std::int64_t index) {
    return numbers[static_cast<std::size_t>(index)];
  }
  /// A number as products have it: split it loses what `tolerance` allows.
  float operand(float number) const { return parts_ == 2 ? number : widened(BFloat16(number)); }

  BFloat16 part_of(float number, int part) const {
    if (parts_ == 1) return BFloat16(number);
    const SplitNumber both = split(number);
    return part == 0 ? both.high : both.low;
  }

  void pack() {
    rows_.assign(static_cast<std::size_t>(kMostTileRows * stride_), std::nanf(""));
    panel_.assign(static_cast<std::size_t>(K_ * parts_ * width_), 0.0F);
    for (std::int64_t k = 0; k < K_; ++k) {
      for (int part = 0; part < parts_; ++part) {
        const auto pair = [&](float first, float second) {
          const BFloat16 both[2] = {part_of(first, part), part_of(second, part)};
          return std::bit_cast<float>(both);
        };
        for (int row = 0; row < kMostTileRows; ++row) {
          const std::int64_t index = row * 2 * K_ + 2 * k;
          rows_[static_cast<std::size_t>(row * stride_ + part * K_ + k)] =
              pair(at(row_numbers_, index), at(row_numbers_, index + 1));
        }
        for (std::int64_t column = 0; column < width_; ++column) {
          panel_[static_cast<std::size_t>((k * parts_ + part) * width_ + column)] =
              pair(at(weights_, 2 * k * width_ + column), at(weights_, (2 * k + 1) * width_ + column));
        }
      }
    }
  }

  std::int64_t K_;
  int parts_;
  std::int64_t width_;
  std::int64_t stride_;
  std::vector<float> row_numbers_;
  std::vector<float> weights_;
  std::vector<float> start_;
  std::vector<float> rows_;
  std::vector<float> panel_;
};

/// Calls `check(case, kernel)` for each kernel of the simulated registers.
template <typename Check>
void for_each_kernel(Check&& check) {
  using Registers = test::SimulatedTiles<16>;
  for (const int parts : {1, 2}) {
    for (const int vectors : {3, 4}) {
      for (const std::int64_t K : {16, 80}) {
        SCOPED_TRACE(std::to_string(parts) + " parts of " + std::to_string(vectors) + " vectors, K " +
                     std::to_string(K));
        Registers::configure();
        check(PairsCase(K, vectors, Registers::kLanes, parts), tile_product<Registers>(vectors, parts));
        Registers::release();
      }
    }
  }
}

TEST(TileProduct, OfAnyNumberOfRowsIsExactWithinF32) {
  for_each_kernel([](const PairsCase& problem, const ProductKernel& kernel) {
    EXPECT_EQ(kernel.panels_at_once(1), 1);
    for (int rows = 1; rows <= kernel.most_rows; ++rows) {
      const bool has_start = rows % 3 != 0;
      const std::vector<float> sums = problem.sums(kernel, 0, rows, has_start);
      std::size_t index = 0;
      for (int row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < problem.width(); ++column, ++index) {
          ASSERT_NEAR(sums[index], problem.exact(row, column, has_start), problem.tolerance())
              << rows << " rows, row " << row;
        }
      }
      for (; index < sums.size(); ++index) ASSERT_EQ(sums[index], kInfinity) << "behind " << rows << " rows";
    }
  });
}

TEST(TileProduct, BitsOfARowDoNotDependOnTheOthers) {
  for_each_kernel([](const PairsCase& problem, const ProductKernel& kernel) {
    const auto width = static_cast<std::size_t>(problem.width());
    const std::vector<float> all = problem.sums(kernel, 0, kernel.most_rows, true);
    for (int first = 0; first < kernel.most_rows; first += kTileRows) {
      for (int rows = 1; rows <= kernel.most_rows - first; ++rows) {
        const std::vector<float> some = problem.sums(kernel, first, rows, true);
        for (std::size_t i = 0; i < static_cast<std::size_t>(rows) * width; ++i) {
          ASSERT_EQ(some[i], all[static_cast<std::size_t>(first) * width + i]) << rows << " rows from " << first;
        }
      }
    }
  });
}

/// What one instruction makes of one row whose pairs are (a, b), a pair for each k, with weights of 1.
float one_sum(const std::vector<std::pair<float, float>>& pairs, float before, float weight = 1.0F) {
  using Registers = test::SimulatedTiles<16>;
  float rows[kTileRows][kTilePairs] = {};
  float weights[kTilePairs][16] = {};
  float sums[kTileRows][16] = {};
  const auto pair_of = [](float first, float second) {
    const BFloat16 both[2] = {BFloat16(first), BFloat16(second)};
    return std::bit_cast<float>(both);
  };
  for (std::size_t k = 0; k < pairs.size(); ++k) rows[2][k] = pair_of(pairs[k].first, pairs[k].second);
  for (auto& row : weights) row[3] = pair_of(weight, weight);
  sums[2][3] = before;
  Registers::configure();
  Registers::load<0>(sums, sizeof sums[0]);
  Registers::load<4>(rows, sizeof rows[0]);
  Registers::load<6>(weights, sizeof weights[0]);
  Registers::multiply_bf16<0, 4, 6>();
  Registers::store<0>(sums, sizeof sums[0]);
  Registers::release();
  return sums[2][3];
}

TEST(SimulatedTiles, AddAsTheManualSays) {
  constexpr float kHalfUnit = 0x1p-24F;  // of a sum of 1
  // First and second numbers have sums of their own, in the order of k.
  EXPECT_EQ(one_sum({{1, kHalfUnit}, {kHalfUnit, kHalfUnit}}, 0), 1 + 2 * kHalfUnit);
  EXPECT_EQ(one_sum({{kHalfUnit, 0}, {kHalfUnit, 0}, {1, 0}}, 0), 1 + 2 * kHalfUnit);
  EXPECT_EQ(one_sum({{1, 0}, {kHalfUnit, 0}, {kHalfUnit, 0}}, 0), 1);
  // Both sums are added before they are added to what the register has, to the nearest even number.
  EXPECT_EQ(one_sum({{kHalfUnit, kHalfUnit}}, 1), 1 + 2 * kHalfUnit);
  EXPECT_EQ(one_sum({{kHalfUnit, 0}}, 1), 1);
  EXPECT_EQ(one_sum({{kHalfUnit, 0}}, 1 + 2 * kHalfUnit), 1 + 4 * kHalfUnit);
  // Denormal numbers are zero, in operands and in results.
  EXPECT_EQ(one_sum({{0x1p-127F, 0}}, 0, 0x1p20F), 0);
  EXPECT_EQ(one_sum({{0x1p-126F, 0}}, 0, 0x1p-1F), 0);
  EXPECT_EQ(one_sum({{0x1p-126F, 0}}, 0, 2), 0x1p-125F);
  EXPECT_EQ(one_sum({{kInfinity, 0}}, 1), kInfinity);
  EXPECT_TRUE(std::isnan(one_sum({{kInfinity, 0}}, 1, 0)));
}

std::vector<float> numbers_to_split() {
  std::vector<float> numbers{0.0F,       -0.0F,         1.0F,
                             kInfinity,  -kInfinity,    std::numeric_limits<float>::max(),
                             -3.395e38F, std::nanf(""), std::bit_cast<float>(0x7F800001U)};
  test::Random random(3);
  for (int exponent = -100; exponent <= 127; ++exponent) {
    for (int i = 0; i < 50; ++i) {
      numbers.push_back(static_cast<float>(std::ldexp(random.uniform(-2, 2) * 0.999, exponent)));
    }
  }
  return numbers;
}

TEST(Split, LosesTwoToTheMinus18) {
  for (const float number : numbers_to_split()) {
    const SplitNumber both = split(number);
    if (!std::isfinite(number)) {
      EXPECT_EQ(std::isnan(widened(both.high)), std::isnan(number));
      EXPECT_EQ(std::isinf(widened(both.high)), std::isinf(number));
      EXPECT_EQ(widened(both.low), 0.0F);
      continue;
    }
    const double sum = static_cast<double>(widened(both.high)) + static_cast<double>(widened(both.low));
    EXPECT_LE(std::abs(sum - static_cast<double>(number)), 0x1p-17 * static_cast<double>(std::abs(number))) << number;
  }
}

TEST(Split, IsTheSameInVectors) {
  const FlushDenormals as_in_a_run;
  const std::vector<float> numbers = numbers_to_split();
  for (const KernelTable* kernels : all_kernels()) {
    SCOPED_TRACE(kernels->target);
    std::vector<BFloat16> high(numbers.size() + 1);
    std::vector<BFloat16> low(numbers.size() + 1);
    kernels->split_row(numbers.data(), static_cast<std::int64_t>(numbers.size()), high.data(), low.data());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const SplitNumber expected = split(numbers[i]);
      EXPECT_EQ(high[i].bits, expected.high.bits) << numbers[i];
      EXPECT_EQ(low[i].bits, expected.low.bits) << numbers[i];
    }
    EXPECT_EQ(high.back().bits, 0);
    EXPECT_EQ(low.back().bits, 0);
  }
}

}  // namespace
}  // namespace rondo::fused
