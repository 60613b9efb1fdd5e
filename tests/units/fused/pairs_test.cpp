// Products of pairs of bf16, on processors that have them.

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/float16.h"
#include "support/compare.h"
#include "support/random_recurrence.h"
#include "units/fused/product_case.h"

namespace rondo::fused {
namespace {

/// The pairs of bf16 that numbers are rounded to, as a float has their bits. Two numbers that are side by side in `all`
/// with a distance of `apart` are a pair.
std::vector<float> pairs_of(const std::vector<float>& all, std::int64_t apart) {
  std::vector<float> pairs;
  for (std::size_t begin = 0; begin < all.size(); begin += static_cast<std::size_t>(2 * apart)) {
    for (std::size_t i = begin; i < begin + static_cast<std::size_t>(apart); ++i) {
      const BFloat16 pair[2] = {BFloat16(all[i]), BFloat16(all[i + static_cast<std::size_t>(apart)])};
      pairs.push_back(std::bit_cast<float>(pair));
    }
  }
  return pairs;
}

void round_to_bf16(std::vector<float>& numbers) {
  for (float& number : numbers) number = static_cast<float>(BFloat16(number));
}

void expect_products(const KernelTable& kernels, int vectors) {
  test::Random random(4);
  ProductCase problem(random, 38, vectors, kernels.lanes);
  round_to_bf16(problem.panels);
  std::vector<std::vector<float>> rows;
  std::vector<const float*> row_pointers;
  for (std::vector<float>& row : problem.rows) {
    round_to_bf16(row);
    row_pointers.push_back(rows.emplace_back(pairs_of(row, 1)).data());
  }
  const std::vector<float> panels = pairs_of(problem.panels, problem.width());
  const ProductKernel kernel = kernels.pair_product(vectors);
  for (int row_count = 1; row_count <= kernel.most_rows; ++row_count) {
    const int panel_count = kernel.panels_at_once(row_count);
    alignas(64) float sums[kMostSums];
    PanelProduct product = problem.product(row_count, panel_count, panels.data(), sums);
    product.rows = row_pointers.data();
    product.K /= 2;
    product.panel_stride /= 2;
    kernel.multiply(product);
    const float* sum = sums;
    for (int panel = 0; panel < panel_count; ++panel) {
      for (int row = 0; row < row_count; ++row) {
        for (std::int64_t column = 0; column < problem.width(); ++column, ++sum) {
          ASSERT_NEAR(*sum, problem.exact(panel, row, column), 2e-5);
        }
      }
    }
  }
}

TEST(FusedPairs, AreMultipliedAsTheirNumbersInF32) {
  for (const KernelTable* kernels : all_kernels()) {
    if (kernels->pair_product == nullptr) continue;  // the processor or the instruction set has none
    for (const int vectors : {3, 4}) expect_products(*kernels, vectors);
  }
}

/// An odd number of inputs or units ends with half a pair.
TEST(FusedPairs, MayEndWithHalfAPair) {
  for (const std::int64_t I : {1, 6, 7}) {
    for (const std::int64_t H : {1, 16, 33}) {
      test::Random random(7);
      test::RandomRecurrence recurrence =
          test::random_recurrence(random, {.units = H, .B = 5, .T = 4, .I = I, .plain_cell = true});
      recurrence = test::rounded(recurrence, DType::bf16);
      SCOPED_TRACE(to_string(recurrence.spec));
      const test::RunResult expected = test::run_on("reference", recurrence, DType::f64);
      test::expect_close(test::run_on("cpu_fused", recurrence, DType::bf16), expected,
                         8e-3 * test::scale_of(recurrence, expected));
    }
  }
}

}  // namespace
}  // namespace rondo::fused
