// Products in 8 bits: all kernels against sums of integers, bit for bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "cpu/fused/kernels.h"
#include "recurrence/int8_scale.h"
#include "support/random.h"

namespace rondo::fused {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// A kernel of one way to multiply, and whose it is.
struct Way {
  const KernelTable* table;
  Int8Kernels kernels;
};

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const KernelTable* table : all_kernels()) {
    if (table->int8_quads.product != nullptr) ways.push_back({table, table->int8_quads});
    ways.push_back({table, table->int8_pairs});
  }
  return ways;
}

std::string name_of(const Way& way) {
  return std::string(way.table->target) + (way.kernels.together == 4 ? " quads" : " pairs");
}

/// A row as products take it.
struct IntegerRow {
  Int8Row head;
  std::vector<int> integers;
};

IntegerRow row_of(const Way& way, const std::vector<float>& numbers) {
  const std::size_t padded = (numbers.size() + 15) / 16 * 16;
  std::vector<std::uint8_t> memory(sizeof(Int8Row) + padded * 2, 0x55);
  way.kernels.quantize_row(numbers.data(), static_cast<std::int64_t>(numbers.size()), memory.data());
  IntegerRow row;
  std::memcpy(&row.head, memory.data(), sizeof(Int8Row));
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    std::int8_t narrow = 0;
    std::int16_t wide = 0;
    std::memcpy(&narrow, memory.data() + sizeof(Int8Row) + k, 1);
    std::memcpy(&wide, memory.data() + sizeof(Int8Row) + 2 * k, 2);
    row.integers.push_back(way.kernels.together == 4 ? narrow : wide);
  }
  return row;
}

std::vector<float> random_numbers(test::Random& random, std::size_t count, double most = 1.0) {
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(random.uniform(-most, most));
  return numbers;
}

/// Panels of integers, with the scales of their columns.
struct Int8Panels {
  const Way& way;
  std::int64_t K;
  std::int64_t width;
  std::vector<int> weights;   // [panel][k][column]
  std::vector<float> scales;  // [panel][column]
  std::vector<std::uint8_t> packed;
  std::int64_t stride;  // elements of a panel

  Int8Panels(test::Random& random, const Way& its_way, std::int64_t its_k, std::int64_t its_width, bool extreme)
      : way(its_way), K(its_k), width(its_width) {
    const std::int64_t together = way.kernels.together;
    const std::int64_t bytes = ((K + together - 1) / together * together + 4) * width;
    stride = bytes / together;
    packed.resize(static_cast<std::size_t>(4 * bytes));
    for (std::int64_t p = 0; p < 4; ++p) {
      std::uint8_t* const panel = packed.data() + p * bytes;
      for (std::int64_t k = 0; k < K; ++k) {
        for (std::int64_t column = 0; column < width; ++column) {
          weights.push_back(extreme ? (column % 2 == 0 ? 127 : -127) : static_cast<int>(random.integer(-127, 127)));
          panel[(k / together * width + column) * together + k % together] =
              static_cast<std::uint8_t>(weights.back() + (together == 4 ? kInt8Offset : 0));
        }
      }
      const std::vector<float> its_scales = random_numbers(random, static_cast<std::size_t>(width), 0.01);
      std::memcpy(panel + bytes - 4 * width, its_scales.data(), its_scales.size() * sizeof(float));
      scales.insert(scales.end(), its_scales.begin(), its_scales.end());
    }
  }

  /// What a kernel has to give.
  float exact(std::int64_t p, const IntegerRow& row, std::int64_t column, const float* start) const {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < K; ++k) {
      sum +=
          row.integers[static_cast<std::size_t>(k)] * weights[static_cast<std::size_t>((p * K + k) * width + column)];
    }
    // In memory between, so that no compiler fuses the operations.
    volatile float scale = row.head.scale * scales[static_cast<std::size_t>(p * width + column)];
    volatile float product = static_cast<float>(static_cast<std::int32_t>(sum)) * scale;
    return start == nullptr ? product : product + start[p * width + column];
  }
};

void expect_products(const Way& way, int vectors, std::int64_t K, bool extreme) {
  test::Random random(static_cast<std::uint64_t>(K));
  const std::int64_t width = static_cast<std::int64_t>(vectors) * way.table->lanes;
  const Int8Panels panels(random, way, K, width, extreme);
  const std::vector<float> start = random_numbers(random, static_cast<std::size_t>(4 * width));
  std::vector<std::vector<float>> memory;
  std::vector<const float*> rows;
  std::vector<IntegerRow> integers;
  for (int r = 0; r < kMostRows; ++r) {
    std::vector<float> numbers = random_numbers(random, static_cast<std::size_t>(K), std::pow(10.0, r - 4));
    if (extreme) std::ranges::fill(numbers, r % 2 == 0 ? 1.0F : -1.0F);
    memory.emplace_back(static_cast<std::size_t>(K + 18));
    way.kernels.quantize_row(numbers.data(), K, memory.back().data());
    integers.push_back(row_of(way, numbers));
  }
  for (const std::vector<float>& row : memory) rows.push_back(row.data());
  const ProductKernel kernel = way.kernels.product(vectors);
  for (int row_count = 1; row_count <= kernel.most_rows; ++row_count) {
    for (const int panel_count : {1, kernel.panels_at_once(row_count)}) {
      alignas(64) float sums[kMostSums];
      const float* const added = row_count % 2 == 0 ? nullptr : start.data();
      kernel.multiply({.rows = rows.data(),
                       .row_count = row_count,
                       .K = (K + way.kernels.together - 1) / way.kernels.together,
                       .panels = panels.packed.data(),
                       .panel_stride = panels.stride,
                       .panel_count = panel_count,
                       .prefetch = {.what = static_cast<Prefetch::What>(row_count % 3),
                                    .begin = reinterpret_cast<const std::byte*>(panels.packed.data()),
                                    .lines = 1},
                       .start = added,
                       .sums = sums,
                       .sums_stride = row_count * width});
      const float* sum = sums;
      for (int panel = 0; panel < panel_count; ++panel) {
        for (int row = 0; row < row_count; ++row) {
          for (std::int64_t column = 0; column < width; ++column, ++sum) {
            ASSERT_EQ(*sum, panels.exact(panel, integers[static_cast<std::size_t>(row)], column, added))
                << name_of(way) << ", K " << K << ", " << row_count << " rows, row " << row << ", panel " << panel
                << ", column " << column;
          }
        }
      }
    }
  }
}

TEST(FusedInt8, SumsAreThoseOfIntegers) {
  for (const Way& way : all_ways()) {
    for (const int vectors : {3, 4}) {
      for (const std::int64_t K : {1, 2, 3, 4, 5, 38, 301}) expect_products(way, vectors, K, false);
      // All numbers as large as they get: 16 bits would not hold two products.
      expect_products(way, vectors, 2003, true);
    }
  }
}

TEST(FusedInt8, RowsAreRoundedToTheNearestInteger) {
  test::Random random(3);
  for (const Way& way : all_ways()) {
    for (const std::size_t K : {1, 7, 16, 17, 100}) {
      std::vector<float> numbers = random_numbers(random, K, 3.0);
      numbers.back() = -3.5F;
      const IntegerRow row = row_of(way, numbers);
      EXPECT_EQ(row.head.scale, 3.5F / 127.0F) << name_of(way);
      int sum = 0;
      for (std::size_t k = 0; k < K; ++k) {
        const double exact = static_cast<double>(numbers[k]) / 3.5 * 127.0;
        EXPECT_NEAR(row.integers[k], exact, 0.5 + 1e-4) << name_of(way);
        EXPECT_EQ(row.integers[k], int8_of(numbers[k], 127.0F / 3.5F)) << name_of(way);
        sum += row.integers[k];
      }
      EXPECT_EQ(row.integers.back(), -127);
      EXPECT_EQ(row.head.first_sum, way.kernels.together == 4 ? -128 * sum : 0) << name_of(way);
    }
  }
}

TEST(FusedInt8, RowsOfAnyNumbersHaveAScale) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const struct {
    std::vector<float> numbers;
    float scale;
    int last;
  } cases[] = {{{0.0F, -0.0F, 0.0F}, 0.0F, 0},
               {{1e-38F, -1e-40F, 1e-37F}, 0.0F, 0},
               {{1.0F, 0.0F, kLargest}, kLargest / 127.0F, 127},
               {{0.0F, 0x1p-118F, -0x1p-119F}, 0x1p-118F / 127.0F, -64},
               {{1.0F, kNaN, 1.0F}, kNaN, 0},
               {{1.0F, -kInfinity, 1.0F}, kNaN, 0},
               {{kNaN}, kNaN, 0}};
  for (const Way& way : all_ways()) {
    for (const auto& each : cases) {
      const IntegerRow row = row_of(way, each.numbers);
      EXPECT_TRUE(std::isnan(each.scale) ? std::isnan(row.head.scale) : row.head.scale == each.scale)
          << name_of(way) << ": " << row.head.scale << ", expected " << each.scale;
      EXPECT_EQ(row.integers.back(), each.last) << name_of(way);
    }
  }
}

}  // namespace
}  // namespace rondo::fused
