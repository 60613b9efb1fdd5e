// Gradients on a CUDA device against the reference in f64 on the CPU: over random recurrences, in every dtype, and for
// tensors with gaps; and the laws of gradients, in bits.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "agreement/parity/gradient_precisions.h"
#include "recurrence/reserve.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/executors.h"
#include "support/gradient_run.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

/// Whether tensors on the device are equal bit for bit.
::testing::AssertionResult same(const Tensor& actual, const Tensor& expected) {
  return identical(actual.to(cpu()), expected.to(cpu()));
}

class GradientParity : public ::testing::TestWithParam<Precision> {
 protected:
  static Plan plan(const RecurrenceSpec& spec) {
    return Plan::create(spec, {.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise"});
  }
  /// A random recurrence in the precision of the test, on the device, that keeps something.
  static RandomRecurrence recurrence_of(Random& random, const WantedSizes& sizes = {}) {
    RandomRecurrence recurrence = random_recurrence(random, sizes);
    const DType dtype = GetParam().dtype;
    if (rounds(GetParam())) recurrence = without_kinks(std::move(recurrence));
    recurrence = test::rounded(std::move(recurrence), dtype);
    recurrence.spec.dtype = dtype;
    recurrence.spec.math = GetParam().math;
    recurrence.spec.device = device_under_test();
    recurrence.spec = random_keep(random, recurrence.spec);
    return recurrence;
  }
  static Session session_of(const Plan& plan, const RandomRecurrence& recurrence) {
    const RecurrenceSpec& spec = plan.spec();
    return Session(plan,
                   recurrence.weights.map([&](const Tensor& weight) { return weight.to(spec.dtype).to(spec.device); }));
  }
  static void check(const RandomRecurrence& recurrence, Random& random) {
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = rounded(random_upstream(random, recurrence), GetParam().dtype);
    expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
                upstream, GetParam().tolerance);
  }
};

TEST_P(GradientParity, AreNearTheOracle) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    // Roundings are a matter of averages, which a few values do not have.
    const bool rounds = size_of(GetParam().dtype) == 2 || GetParam().math == MatrixMath::tf32;
    WantedSizes sizes;
    if (rounds) sizes = {.units = random.integer(8, 24), .B = random.integer(2, 6)};
    check(recurrence_of(random, sizes), random);
  });
}

/// Without 16 bits and TF32, in which a value may be on the other side of a kink.
class PreciseGradientParity : public GradientParity {};

TEST_P(PreciseGradientParity, OfEachActivationAreNearTheOracle) {
  for (const Keep keep : {Keep::gates, Keep::states}) {
    for_each_activation(7, 4, [&](const RandomRecurrence& drawn) {
      RandomRecurrence recurrence = drawn;
      recurrence.spec.dtype = GetParam().dtype;
      recurrence.spec.math = GetParam().math;
      recurrence.spec.device = device_under_test();
      recurrence.spec.keep = keep;
      Random random(7);
      check(recurrence, random);
    });
  }
}

/// The elements of a run's reserve in f32.
Tensor reserve_of(const Plan& plan, const RandomRecurrence& recurrence) {
  Session session(plan, recurrence.weights.map([&](const Tensor& weight) { return weight.to(plan.spec().device); }));
  const SessionTensors run = run_tensors(plan, recurrence);
  session.run(run);
  const Tensor bytes = run.reserve->to(cpu());
  const auto count = (bytes.numel() - static_cast<std::int64_t>(kReserveTagBytes)) / std::int64_t{sizeof(float)};
  Tensor elements = Tensor::empty({count}, DType::f32);
  std::memcpy(elements.data(), bytes.data<std::uint8_t>() + kReserveTagBytes,
              static_cast<std::size_t>(count) * sizeof(float));
  return elements;
}

/// All executors have one layout, and write nothing for rows that are dead.
TEST(ReserveParity, EqualsThatOfTheReference) {
  for (std::uint64_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random);
    RecurrenceSpec spec = recurrence.spec;
    spec = random_keep(random, spec);
    if (spec.has_resets) spec.segment = 0;  // the states in front of a segment may be those before its resets
    SCOPED_TRACE(to_string(spec));
    const Tensor expected = reserve_of(Plan::create(spec, {.executor = "reference"}), recurrence);
    spec.device = device_under_test();
    for (const std::string& executor : executors_for(spec, {.backward_executor = "cuda_stepwise"})) {
      SCOPED_TRACE(executor);
      const Tensor actual = reserve_of(Plan::create(spec, {.executor = executor}), recurrence);
      EXPECT_TRUE(within(actual, expected, 1e-5 * std::max(1.0, largest_magnitude(expected))));
    }
  }
}

/// Enough rows that threads take packs of units, and that sums over rows have several parts.
TEST_P(GradientParity, OfWideBatchesAreNearTheOracle) {
  constexpr std::int64_t kUnits = 60;
  const std::int64_t B = properties_of(device_under_test()).processors * 1024 / kUnits + 1;
  for (std::uint64_t seed = 0; seed < 24 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    check(recurrence_of(random, {.units = kUnits, .B = B, .T = 3, .I = 4}), random);
  }
}

/// Zeros have gradients of zeros; a repeated backward, which is recorded and then replayed, has the same bits; and
/// accumulated gradients are added.
TEST_P(GradientParity, ObeyTheirLaws) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = recurrence_of(random);
    SCOPED_TRACE(to_string(recurrence.spec));
    const Plan made = plan(recurrence.spec);
    const Upstream upstream = random_upstream(random, recurrence);
    Session session = session_of(made, recurrence);
    const SessionTensors run = run_tensors(made, recurrence);
    session.run(run);

    const SessionGradients zeros = unwritten_gradients(made, recurrence, {});
    session.backward(run, zeros);
    EXPECT_EQ(square_of(*zeros.x), 0.0);
    EXPECT_EQ(square_of(*zeros.weights.kernel), 0.0);
    EXPECT_EQ(square_of(zeros.initial_state[0]), 0.0);

    const SessionGradients once = unwritten_gradients(made, recurrence, upstream);
    session.backward(run, once);
    SessionGradients again = unwritten_gradients(made, recurrence, upstream);
    for (int repeat = 0; repeat < 3; ++repeat) {
      again.x->fill(0.5);
      again.weights.recurrent_kernel->fill(0.5);
      session.backward(run, again);
      EXPECT_TRUE(same(*again.x, *once.x));
      EXPECT_TRUE(same(*again.weights.recurrent_kernel, *once.weights.recurrent_kernel));
    }
    again.accumulate_weights = true;
    session.backward(run, again);
    EXPECT_TRUE(same(*again.weights.kernel, mul(*once.weights.kernel, 2.0)));
  });
}

/// Gradients of weights in f32 where the spec has 16 bits, of which f32 has the sums before they are rounded.
TEST_P(GradientParity, OfWeightsMayBeInF32) {
  for (std::uint64_t seed = 0; seed < 50 && !HasFailure() && size_of(GetParam().dtype) == 2; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomRecurrence recurrence = recurrence_of(random);
    const Plan made = plan(recurrence.spec);
    Session session = session_of(made, recurrence);
    const SessionTensors run = run_tensors(made, recurrence);
    session.run(run);
    const Upstream upstream = random_upstream(random, recurrence);
    const SessionGradients narrow = unwritten_gradients(made, recurrence, upstream);
    session.backward(run, narrow);
    SessionGradients wide = narrow;
    const auto widened = [](std::optional<Tensor>& weight) {
      if (weight) weight = weight->to(DType::f32);
    };
    for (auto* weight : {&wide.weights.kernel, &wide.weights.recurrent_kernel, &wide.weights.bias,
                         &wide.weights.peepholes, &wide.weights.projection}) {
      widened(*weight);
      if (*weight) (*weight)->fill(0.25);
    }
    session.backward(run, wide);
    EXPECT_TRUE(same(wide.weights.kernel->to(recurrence.spec.dtype), *narrow.weights.kernel));
    EXPECT_TRUE(same(wide.weights.recurrent_kernel->to(recurrence.spec.dtype), *narrow.weights.recurrent_kernel));
    if (wide.weights.bias) {
      EXPECT_TRUE(same(wide.weights.bias->to(recurrence.spec.dtype), *narrow.weights.bias));
    }
  }
}

/// The same numbers where rows of sequences have gaps and lie batch by batch.
TEST_P(GradientParity, DoNotDependOnTheLayout) {
  for (std::uint64_t seed = 0; seed < 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomRecurrence recurrence = recurrence_of(random);
    const RecurrenceSpec& spec = recurrence.spec;
    const Plan made = plan(spec);
    const Upstream upstream = random_upstream(random, recurrence);
    Session session = session_of(made, recurrence);
    const auto gradients = [&](const auto& laid_out) {
      SessionTensors run = run_tensors(made, recurrence);
      run.x = laid_out(run.x);
      session.run(run);
      SessionGradients wanted = unwritten_gradients(made, recurrence, upstream);
      wanted.x = laid_out(*wanted.x);
      if (wanted.y) wanted.y = laid_out(*wanted.y);
      session.backward(run, wanted);
      return wanted;
    };
    const SessionGradients expected = gradients([](const Tensor& tensor) { return tensor.contiguous(); });
    const SessionGradients actual = gradients([](const Tensor& tensor) {
      const Tensor memory =
          Tensor::full({tensor.size(1), tensor.size(0), tensor.size(2) + 5}, 3.0, tensor.dtype(), tensor.device());
      const Tensor rows = memory.slice(2, 4, 4 + tensor.size(2)).swap_axes(0, 1);
      rows.copy_from(tensor);
      return rows;
    });
    EXPECT_TRUE(same(*actual.x, *expected.x));
    EXPECT_TRUE(same(*actual.weights.kernel, *expected.weights.kernel));
    EXPECT_TRUE(same(actual.initial_state[0], expected.initial_state[0]));
  }
}

constexpr Precision kF64 = {DType::f64, MatrixMath::strict, 1e-10};
constexpr Precision kF32 = {DType::f32, MatrixMath::strict, 1e-5};

INSTANTIATE_TEST_SUITE_P(, PreciseGradientParity, ::testing::Values(kF64, kF32),
                         [](const auto& instance) { return to_string(instance.param); });
INSTANTIATE_TEST_SUITE_P(, GradientParity,
                         ::testing::Values(kF64, kF32, Precision{DType::f32, MatrixMath::tf32, 4e-3},
                                           Precision{DType::f16, MatrixMath::strict, 1e-3},
                                           Precision{DType::bf16, MatrixMath::strict, 4e-3}),
                         [](const auto& instance) { return to_string(instance.param); });

}  // namespace
}  // namespace rondo::test
