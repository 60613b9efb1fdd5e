// The fused executor with products on simulated tile registers, beside the vectors of every instruction set.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cpu/fused/amx.h"
#include "cpu/fused/kernels.h"
#include "device/amx/simulated_tiles.h"
#include "rondo/ops/ops.h"
#include "support/gradient_run.h"
#include "units/fused/fused_run.h"

namespace rondo::test {
namespace {

/// A kind of products on tile registers, and the bound of one number's error with random weights, whose gain is
/// above 1.
struct Mode {
  DType dtype;
  MatrixMath math;
  double tolerance;
};

constexpr Mode kBf16{DType::f32, MatrixMath::bf16, 8e-3};
constexpr Mode kSplit{DType::f32, MatrixMath::bf16x3, 1e-4};
constexpr Mode kModes[] = {
    {DType::bf16, MatrixMath::strict, 8e-3}, {DType::f16, MatrixMath::strict, 1e-3}, kBf16, kSplit};

/// Tables with tile registers, beside each kind of vectors that the machine has.
std::vector<const fused::KernelTable*> tables() {
  std::vector<const fused::KernelTable*> tables;
  for (const fused::KernelTable* table : fused::all_kernels()) {
    if (table->tiles != nullptr) continue;
    const fused::KernelTable* const with_tiles = fused::amx_kernels(*table);
    if (with_tiles != nullptr) tables.push_back(with_tiles);
  }
  return tables;
}

Executor& executor() {
  static const std::unique_ptr<Executor> made = make_fused_executor(*tables().front());
  return *made;
}

RandomRecurrence in_mode(RandomRecurrence recurrence, const Mode& mode) {
  recurrence.spec.math = mode.math;
  return recurrence;
}

/// A hazard of few enough products for simulated registers, whose roundings average out.
RandomRecurrence small_hazard(Random& random) {
  RandomRecurrence recurrence = random_recurrence(random, {.units = random.pick<std::int64_t>({8, 15, 16, 17, 33, 70}),
                                                           .B = random.pick<std::int64_t>({2, 4, 7, 16, 17, 33, 100}),
                                                           .T = random.pick<std::int64_t>({1, 2, 5, 30}),
                                                           .I = random.pick<std::int64_t>({1, 5, 16, 32, 40})});
  return without_kinks(std::move(recurrence));
}

template <typename Check>
void for_each_small_hazard(Check&& check) {
  for_each_drawn(20, small_hazard, check);
}

TEST(TileExecutor, EqualsTheReferenceInDoubleBesideEveryInstructionSet) {
  for_each_small_hazard([](const RandomRecurrence& drawn, Random& random) {
    const Mode mode = kModes[random.integer(0, 3)];
    const DType operand = mode.math == MatrixMath::bf16 ? DType::bf16 : mode.dtype;
    const RandomRecurrence recurrence = rounded(drawn, operand);
    const RunResult expected = run_on("reference", recurrence, DType::f64);
    const double bound = mode.tolerance * scale_of(recurrence, expected);
    for (const fused::KernelTable* kernels : tables()) {
      SCOPED_TRACE(std::to_string(kernels->lanes) + " lanes, " + to_string(mode.dtype) + " " + to_string(mode.math));
      expect_close(run_fused(*make_fused_executor(*kernels), in_mode(recurrence, mode), mode.dtype, 1), expected,
                   bound);
    }
  });
  EXPECT_FALSE(SimulatedTiles<16>::is_configured() || SimulatedTiles<8>::is_configured() ||
               SimulatedTiles<4>::is_configured())
      << "a run has kept its tile registers";
}

TEST(TileExecutor, AnyNumberOfThreadsGivesTheSameBits) {
  const PoolScope scope(make_thread_pool(6));
  for_each_small_hazard([](const RandomRecurrence& drawn, Random& random) {
    const Mode mode = kModes[random.integer(0, 3)];
    const RandomRecurrence recurrence = in_mode(drawn, mode);
    const RunResult expected = run_fused(executor(), recurrence, mode.dtype, 1);
    for (const int threads : {2, 6}) {
      SCOPED_TRACE(threads);
      expect_identical(run_fused(executor(), recurrence, mode.dtype, threads), expected);
    }
  });
}

/// A recurrence of gain 1: its recurrent kernel has a standard deviation of 1/sqrt(H).
RandomRecurrence of_gain_1(const CellSpec& cell, std::int64_t T, std::int64_t B, std::int64_t I, bool keeps = false) {
  Random random(9);
  RandomRecurrence recurrence;
  recurrence.spec = {.cell = cell, .T = T, .B = B, .I = I, .keep = keeps ? Keep::gates : Keep::nothing};
  recurrence.weights = random_weights(random, cell, I);
  const auto uniform = [&](const Tensor& like, std::int64_t fan_in) {
    return random.tensor(like.shape(), std::sqrt(3.0 / static_cast<double>(fan_in)));
  };
  recurrence.weights.kernel = uniform(recurrence.weights.kernel, I);
  recurrence.weights.recurrent_kernel = uniform(recurrence.weights.recurrent_kernel, cell.units);
  recurrence.x = random.tensor({T, B, I}, std::sqrt(3.0));
  return recurrence;
}

/// The length of the error of y, relative to the length of y.
double error_of(const RunResult& actual, const RunResult& expected) {
  return std::sqrt(square_of(sub(actual.y.to(DType::f64), expected.y)) / square_of(expected.y));
}

CellSpec lstm_of(std::int64_t H) { return {.kind = CellKind::lstm, .units = H}; }

/// What include/rondo/vocabulary/dtype.h promises.
void expect_contract(const RandomRecurrence& recurrence) {
  const RunResult expected = run_on("reference", recurrence, DType::f64);
  const double of_split = error_of(run_fused(executor(), in_mode(recurrence, kSplit), DType::f32, 1), expected);
  const double of_bf16 = error_of(run_fused(executor(), in_mode(recurrence, kBf16), DType::f32, 1), expected);
  std::printf("%s: bf16x3 %.2g, bf16 %.2g\n", to_string(recurrence.spec).c_str(), of_split, of_bf16);
  EXPECT_LE(of_split, 2e-5);
  EXPECT_LE(of_bf16, 5e-3);
  EXPECT_GT(of_bf16, 5e-4) << "this is not bf16";
}

TEST(TileExecutor, ErrorsKeepTheContractOverTime) {
  for (const CellKind kind : {CellKind::lstm, CellKind::gru, CellKind::simple_rnn}) {
    expect_contract(of_gain_1({.kind = kind, .units = 64}, 1000, 4, 32));
  }
}

TEST(TileExecutor, ErrorsKeepTheContractForManyUnits) { expect_contract(of_gain_1(lstm_of(2048), 4, 4, 64)); }

void expect_gradients(const Mode& mode, double tolerance) {
  for (const CellSpec& cell : {lstm_of(40), CellSpec{.kind = CellKind::gru, .units = 40},
                               CellSpec{.kind = CellKind::gru, .units = 40, .reset_after = false}}) {
    const RandomRecurrence recurrence = in_mode(of_gain_1(cell, 50, 5, 24, true), mode);
    Random random(2);
    Upstream upstream;
    upstream.y = random.tensor({50, 5, 40}, 1.0);
    const Gradients expected = oracle_gradients(recurrence, upstream);
    const auto run = [&](Keep keep, std::int64_t segment) {
      RandomRecurrence kept = recurrence;
      kept.spec.keep = keep;
      kept.spec.segment = segment;
      return gradients_of(plan_for(executor(), kept.spec, processors(2)), kept, upstream);
    };
    SCOPED_TRACE(to_string(recurrence.spec));
    const Gradients of_gates = run(Keep::gates, 0);
    expect_near(of_gates, expected, upstream, tolerance);
    for (const std::int64_t segment : {0, 7}) {
      const Gradients again = run(Keep::states, segment);
      expect_near(again, expected, upstream, tolerance);
      // The gates are the same bits. Gradients of weights are sums over chunks, which segments make shorter.
      EXPECT_TRUE(identical(again.x, of_gates.x)) << "segments of " << segment;
    }
  }
}

TEST(TileExecutor, GradientsOfBf16AreNearTheOracleHoweverGatesAreKept) { expect_gradients(kBf16, 5e-3); }
TEST(TileExecutor, GradientsOfSplitNumbersAreNearTheOracleHoweverGatesAreKept) { expect_gradients(kSplit, 2e-5); }

std::string explanation(const RecurrenceSpec& spec) { return plan_for(executor(), spec, processors(1)).explain(); }

testing::AssertionResult has(const std::string& text, const std::string& words) {
  if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << words << "' is not in: " << text;
}

TEST(TileExecutor, SaysWhichProductsItHas) {
  RecurrenceSpec spec{.cell = lstm_of(40), .T = 3, .B = 4, .I = 8, .math = MatrixMath::bf16x3};
  EXPECT_TRUE(has(explanation(spec),
                  "AMX with AVX-512 (AVX3 of Highway), 16 lanes; products of numbers split into two bf16, on tile"));
  spec.B = 3;
  EXPECT_TRUE(has(explanation(spec), "; products are strict, because with fewer than 4 rows bf16x3 takes longer"));
  spec.math = MatrixMath::bf16;
  EXPECT_TRUE(has(explanation(spec), "; products of bf16 on tile registers"));
  spec.math = MatrixMath::strict;
  EXPECT_FALSE(has(explanation(spec), "; products"));
  spec.math = MatrixMath::bf16x3;
  const fused::KernelTable& without = **std::next(fused::all_kernels().begin());
  EXPECT_TRUE(has(plan_for(*make_fused_executor(without), spec, processors(1)).explain(),
                  "; products are strict, because bf16x3 needs AMX"));
}

/// The products of a plan with few rows are those of a plan with strict products.
TEST(TileExecutor, FewRowsHaveTheBitsOfStrictProducts) {
  RandomRecurrence few = of_gain_1(lstm_of(33), 5, 3, 7);
  const RunResult strict = run_fused(executor(), few, DType::f32, 1);
  expect_identical(run_fused(executor(), in_mode(few, kSplit), DType::f32, 1), strict);
  RandomRecurrence enough = of_gain_1(lstm_of(33), 5, 4, 7);
  EXPECT_FALSE(identical(run_fused(executor(), in_mode(enough, kSplit), DType::f32, 1).y,
                         run_fused(executor(), enough, DType::f32, 1).y));
}

/// An input that is infinite or NaN shows in its row, and nowhere else. Split, an infinity may give NaN where strict
/// products give an infinity, and never a finite sum.
TEST(TileExecutor, SpecialValuesStayInTheirRows) {
  const CellSpec cell{.kind = CellKind::simple_rnn, .units = 24, .activation = Activation::linear};
  RandomRecurrence recurrence = of_gain_1(cell, 1, 5, 8);
  recurrence.x.fill(0.25);
  const auto set = [&](std::int64_t b, float value) {
    recurrence.x.select(0, 0).select(0, b).select(0, 3).fill(value);
  };
  set(1, std::numeric_limits<float>::infinity());
  set(2, std::nanf(""));
  set(3, std::numeric_limits<float>::max());
  set(4, 1e-40F);
  for (const Mode& mode : {kBf16, kSplit}) {
    const Tensor y = run_fused(executor(), in_mode(recurrence, mode), DType::f32, 1).y;
    const auto of_row = [&](std::int64_t b) { return y.select(0, 0).select(0, b).contiguous().to_vector<float>(); };
    for (std::size_t u = 0; u < 24; ++u) {
      EXPECT_TRUE(std::isfinite(of_row(0)[u]));
      EXPECT_FALSE(std::isfinite(of_row(1)[u]));
      EXPECT_TRUE(std::isnan(of_row(2)[u]));
      EXPECT_TRUE(std::isfinite(of_row(4)[u]));
      EXPECT_TRUE(mode.math == MatrixMath::bf16 || std::isfinite(of_row(3)[u])) << "the largest number is finite";
    }
  }
}

}  // namespace
}  // namespace rondo::test
