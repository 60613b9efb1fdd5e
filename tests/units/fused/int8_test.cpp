// Whole runs with products in 8 bits.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "cpu/fused/fused_executor.h"
#include "cpu/fused/kernels.h"
#include "cpu/fused/panels.h"
#include "plan/planner.h"
#include "rondo/recurrence/quantized.h"
#include "rondo/tensor/thread_pool.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/random_recurrence.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Replaces the default pool for the life of this object.
class PoolScope {
 public:
  explicit PoolScope(std::shared_ptr<ThreadPool> pool) { set_default_thread_pool(std::move(pool)); }
  ~PoolScope() { set_default_thread_pool(nullptr); }
};

RandomRecurrence in_8_bits(RandomRecurrence recurrence) {
  recurrence.spec.math = MatrixMath::int8;
  return recurrence;
}

RunResult run_with(const Executor& executor, const RandomRecurrence& recurrence, int threads = 1) {
  return run_plan(plan_for(executor, recurrence.spec, {.device = cpu(), .processors = threads}), recurrence);
}

/// Without masks and the like.
RandomRecurrence usual(std::uint64_t seed, CellKind kind, const WantedSizes& sizes) {
  Random random(seed);
  RandomRecurrence recurrence;
  recurrence.spec = {.cell = {.kind = kind, .units = *sizes.units}, .T = *sizes.T, .B = *sizes.B, .I = *sizes.I};
  recurrence.weights = random_weights(random, recurrence.spec.cell, *sizes.I);
  recurrence.x = random.tensor({*sizes.T, *sizes.B, *sizes.I}, 1.0);
  return in_8_bits(recurrence);
}

// Integers have the same sums everywhere. Other activations differ between instruction sets in their last bits.
TEST(FusedInt8Runs, HaveTheSameBitsOnEveryInstructionSet) {
  for (const std::int64_t H : {1, 17, 70}) {
    RandomRecurrence recurrence = usual(5, CellKind::simple_rnn, {.units = H, .B = 3, .T = 9, .I = 21});
    recurrence.spec.cell.activation = Activation::relu;
    const RunResult expected = run_with(fused_executor(), recurrence);
    for (const fused::KernelTable* table : fused::all_kernels()) {
      EXPECT_TRUE(identical(run_with(*make_fused_executor(*table), recurrence).y, expected.y))
          << table->target << ", H " << H;
    }
  }
}

TEST(FusedInt8Runs, HaveTheSameBitsOnAnyNumberOfThreads) {
  const PoolScope scope(make_thread_pool(4));
  for (const CellKind kind : {CellKind::lstm, CellKind::gru}) {
    const RandomRecurrence recurrence = usual(6, kind, {.units = 200, .B = 9, .T = 12, .I = 150});
    const RunResult expected = run_with(fused_executor(), recurrence, 1);
    for (const int threads : {2, 3, 4}) {
      EXPECT_TRUE(identical(run_with(fused_executor(), recurrence, threads).y, expected.y)) << threads << " threads";
    }
  }
}

/// The relative length of the difference from a strict run.
double error_of(const RandomRecurrence& recurrence) {
  RandomRecurrence strict = recurrence;
  strict.spec.math = MatrixMath::strict;
  const std::vector<float> expected = run_with(fused_executor(), strict).y.to_vector<float>();
  const std::vector<float> actual = run_with(fused_executor(), recurrence).y.to_vector<float>();
  double difference = 0.0;
  double length = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(actual[i]) - static_cast<double>(expected[i]), 2);
    length += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / length);
}

/// Numbers of standard deviation `deviation`, uniform or normal.
Tensor numbers(Random& random, const Shape& shape, double deviation, bool normal) {
  Tensor tensor = Tensor::empty(shape, DType::f32);
  auto* const data = tensor.data<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    double number = random.uniform(-std::sqrt(3.0), std::sqrt(3.0));
    if (normal) {
      number =
          std::sqrt(-2.0 * std::log(random.uniform(1e-9, 1.0))) * std::cos(6.283185307179586 * random.uniform(0, 1));
    }
    data[i] = static_cast<float>(deviation * number);
  }
  return tensor;
}

/// A recurrence of gain 1: the recurrent kernel has the standard deviation 1/sqrt(H).
RandomRecurrence of_gain_1(CellKind kind, std::int64_t H, std::int64_t T, bool normal) {
  Random random(static_cast<std::uint64_t>(H + T));
  RandomRecurrence recurrence = usual(1, kind, {.units = H, .B = 2, .T = T, .I = H});
  const std::int64_t columns = gate_count(kind) * H;
  const double deviation = 1.0 / std::sqrt(static_cast<double>(H));
  recurrence.weights.kernel = numbers(random, {H, columns}, deviation, normal);
  recurrence.weights.recurrent_kernel = numbers(random, {H, columns}, deviation, normal);
  recurrence.x = numbers(random, {T, 2, H}, 1.0, normal);
  return recurrence;
}

TEST(FusedInt8Runs, StayWithinTheErrorOfTheirContract) {
  const struct {
    std::int64_t H;
    std::int64_t T;
  } sizes[] = {{32, 1000}, {128, 300}, {512, 40}, {600, 12}};
  for (const CellKind kind : {CellKind::lstm, CellKind::gru, CellKind::simple_rnn}) {
    for (const auto& size : sizes) {
      for (const bool normal : {false, true}) {
        const double error = error_of(of_gain_1(kind, size.H, size.T, normal));
        EXPECT_LT(error, normal ? 2e-2 : 1e-2) << to_string(kind) << ", H " << size.H << ", T " << size.T;
        EXPECT_GT(error, 1e-4) << "products were not in 8 bits";
      }
    }
  }
}

/// A row with a number that is not finite has no scale: it is NaN from there on. Other rows are as they were.
TEST(FusedInt8Runs, ANumberThatIsNotFiniteMakesItsRowNan) {
  for (const CellKind kind : {CellKind::lstm, CellKind::gru}) {
    for (const double bad : {kNaN, kInfinity, -kInfinity}) {
      const RandomRecurrence recurrence = usual(8, kind, {.units = 20, .B = 3, .T = 6, .I = 5});
      const RunResult before = run_with(fused_executor(), recurrence);
      recurrence.x.slice(0, 2, 3).slice(1, 1, 2).slice(2, 4, 5).fill(bad);
      const RunResult after = run_with(fused_executor(), recurrence);
      for (const std::int64_t b : {0, 2}) {
        EXPECT_TRUE(identical(after.y.select(1, b).clone(), before.y.select(1, b).clone())) << b;
      }
      EXPECT_TRUE(identical(after.y.slice(0, 0, 2).clone(), before.y.slice(0, 0, 2).clone()));
      for (const float number : after.y.slice(0, 2, 6).select(1, 1).clone().to_vector<float>()) {
        EXPECT_TRUE(std::isnan(number)) << number;
      }
    }
  }
}

TEST(FusedInt8Runs, WeightsOfAnySizeHaveAScale) {
  RandomRecurrence recurrence = usual(9, CellKind::simple_rnn, {.units = 4, .B = 2, .T = 3, .I = 6});
  recurrence.weights.kernel.select(1, 0).fill(0.0);
  recurrence.weights.kernel.select(1, 1).fill(1e-40);
  recurrence.weights.kernel.select(1, 2).fill(1e30);
  recurrence.weights.kernel.select(1, 3).select(0, 2).fill(kNaN);
  recurrence.weights.recurrent_kernel.fill(0.0);
  recurrence.x.fill(0.5);
  const RunResult result = run_with(fused_executor(), recurrence);
  const std::vector<float> y = result.y.select(0, 0).select(0, 0).clone().to_vector<float>();
  const std::vector<float> bias = recurrence.weights.bias->to_vector<float>();
  EXPECT_NEAR(y[0], std::tanh(bias[0]), 1e-6);
  EXPECT_NEAR(y[1], std::tanh(bias[1]), 1e-6);
  EXPECT_EQ(y[2], 1.0F);
  EXPECT_TRUE(std::isnan(y[3]));
}

/// In 8 bits a product of weights that `quantize` has made differs by the scale of its row alone.
TEST(FusedInt8Runs, WeightsInEightBitsAreFoundAgain) {
  RandomRecurrence recurrence = usual(10, CellKind::simple_rnn, {.units = 33, .B = 2, .T = 1, .I = 40});
  recurrence.weights = dequantize(quantize(recurrence.weights));
  recurrence.x.fill(1.0);  // 127 times a scale, without an error
  RandomRecurrence strict = recurrence;
  strict.spec.math = MatrixMath::strict;
  EXPECT_TRUE(close(run_with(fused_executor(), recurrence).y, run_with(fused_executor(), strict).y, 2e-6));
}

TEST(FusedInt8Runs, HaveNoGradients) {
  for (const Keep keep : {Keep::states, Keep::gates}) {
    RecurrenceSpec spec{.cell = {.units = 8}, .T = 3, .B = 2, .I = 5, .math = MatrixMath::int8, .keep = keep};
    try {
      (void)Plan::create(spec);
      FAIL() << "a plan was made";
    } catch (const ValueError& error) {
      EXPECT_STREQ(error.what(), ("math: got int8 where the spec keeps " + to_string(keep) +
                                  ", expected another one: products in 8 bits have no gradients")
                                     .c_str());
    }
    spec.dtype = DType::bf16;  // which math does not concern
    EXPECT_NO_THROW((void)Plan::create(spec));
  }
}

TEST(FusedInt8Runs, AreExplained) {
  RecurrenceSpec spec{.cell = {.units = 8}, .T = 3, .B = 2, .I = 5, .math = MatrixMath::int8};
  EXPECT_NE(Plan::create(spec).explain().find("; products of 8 bits"), std::string::npos);
  spec.I = fused::kMostInt8Rows;
  EXPECT_NE(Plan::create(spec).explain().find("; products of 8 bits"), std::string::npos);
  ++spec.I;
  EXPECT_NE(Plan::create(spec).explain().find("; products are strict, because in 8 bits"), std::string::npos);
}

}  // namespace
}  // namespace rondo::test
