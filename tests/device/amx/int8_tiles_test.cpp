// Products of 8 bits on simulated tile registers. Their sums are integers, so that whole runs have the bits of the
// vectors beside them, which tests of their own compare with exact sums.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "cpu/fused/amx.h"
#include "cpu/fused/kernels.h"
#include "device/amx/simulated_tiles.h"
#include "units/fused/fused_run.h"

namespace rondo::test {
namespace {

/// Calls `check(with, without)` for the vectors of every instruction set, with tile registers beside them and without.
template <typename Check>
void for_each_pair_of_tables(Check&& check) {
  for (const fused::KernelTable* vectors : fused::all_kernels()) {
    const fused::KernelTable* const with_tiles = vectors->tiles == nullptr ? fused::amx_kernels(*vectors) : nullptr;
    if (with_tiles == nullptr) continue;
    SCOPED_TRACE(vectors->target);
    check(*make_fused_executor(*with_tiles), *make_fused_executor(*vectors));
  }
}

/// Of few enough products for simulated registers, around whole tiles of rows, of quads and of units.
RandomRecurrence small_hazard(Random& random) {
  RandomRecurrence recurrence = random_recurrence(random, {.units = random.pick<std::int64_t>({3, 15, 16, 17, 64, 70}),
                                                           .B = random.pick<std::int64_t>({2, 3, 7, 16, 17, 33, 100}),
                                                           .T = random.pick<std::int64_t>({1, 2, 5, 30}),
                                                           .I = random.pick<std::int64_t>({1, 5, 16, 63, 65, 130})});
  recurrence.spec.math = MatrixMath::int8;
  return recurrence;
}

TEST(Int8Tiles, HaveTheBitsOfVectors) {
  for_each_drawn(20, small_hazard, [&](const RandomRecurrence& recurrence, Random&) {
    for_each_pair_of_tables([&](const Executor& with_tiles, const Executor& without) {
      expect_identical(run_fused(with_tiles, recurrence, DType::f32, 1), run_fused(without, recurrence, DType::f32, 1));
    });
  });
  EXPECT_FALSE(SimulatedTiles<16>::is_configured()) << "a run has kept its tile registers";
}

/// A row with NaN or an infinity has no scale, and is NaN; the others are what they were.
TEST(Int8Tiles, NumbersThatAreNotFiniteStayInTheirRows) {
  Random random(4);
  RandomRecurrence recurrence;
  recurrence.spec = {.cell = {.units = 20}, .T = 3, .B = 18, .I = 9, .math = MatrixMath::int8};
  recurrence.weights = random_weights(random, recurrence.spec.cell, 9);
  recurrence.x = random.tensor({3, 18, 9}, 1.0);
  recurrence.x.slice(0, 1, 2).slice(1, 16, 17).slice(2, 4, 5).fill(std::numeric_limits<double>::infinity());
  recurrence.x.slice(0, 1, 2).slice(1, 2, 3).slice(2, 8, 9).fill(std::numeric_limits<double>::quiet_NaN());
  for_each_pair_of_tables([&](const Executor& with_tiles, const Executor& without) {
    const Tensor y = run_fused(with_tiles, recurrence, DType::f32, 1).y;
    EXPECT_TRUE(identical(y, run_fused(without, recurrence, DType::f32, 1).y));
    for (const std::int64_t b : {2, 16, 17}) {
      const float last = y.select(0, 2).select(0, b).select(0, 0).contiguous().to_vector<float>()[0];
      EXPECT_EQ(std::isnan(last), b != 17) << b;
    }
  });
}

TEST(Int8Tiles, AreExplained) {
  const fused::KernelTable* const kernels = fused::all_kernels().front();
  const auto explanation = [&](std::int64_t B) {
    const RecurrenceSpec spec{.cell = {.units = 8}, .T = 3, .B = B, .I = 5, .math = MatrixMath::int8};
    return plan_for(*make_fused_executor(*kernels), spec, processors(1)).explain();
  };
  EXPECT_NE(explanation(3).find("; products of 8 bits on tile registers"), std::string::npos) << explanation(3);
  EXPECT_EQ(explanation(2).find("tile registers"), std::string::npos) << explanation(2);
}

/// One instruction, with the largest integers: they have signs, and no sum saturates.
TEST(SimulatedTiles, MultiplyIntegersWithSigns) {
  using Registers = SimulatedTiles<16>;
  std::array<std::int8_t, 64> row;
  row.fill(-128);
  row[63] = 127;
  std::int8_t rows[fused::kTileRows][64] = {};
  std::int8_t weights[fused::kTilePairs][16][4];
  std::int32_t sums[fused::kTileRows][16] = {};
  std::ranges::copy(row, rows[3]);
  std::memset(weights, -128, sizeof weights);
  sums[3][5] = -7;
  Registers::configure();
  Registers::load<0>(sums, sizeof sums[0]);
  Registers::load<4>(rows, sizeof rows[0]);
  Registers::load<6>(weights, sizeof weights[0]);
  Registers::multiply_int8<0, 4, 6>();
  Registers::store<0>(sums, sizeof sums[0]);
  Registers::release();
  EXPECT_EQ(sums[3][5], 63 * 128 * 128 - 127 * 128 - 7);
  EXPECT_EQ(sums[3][6], 63 * 128 * 128 - 127 * 128);
  EXPECT_EQ(sums[2][5], 0);
}

}  // namespace
}  // namespace rondo::test
