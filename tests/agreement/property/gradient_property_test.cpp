// Gradients of the reference in f64 against finite differences, over random recurrences.

#include <gtest/gtest.h>

#include <cmath>

#include "rondo/ops/ops.h"
#include "support/central_difference.h"
#include "support/compare.h"
#include "support/gradient_run.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

Plan reference_plan(RecurrenceSpec spec, Keep keep, std::int64_t segment = 0) {
  spec.dtype = DType::f64;
  spec.keep = keep;
  spec.segment = segment;
  return Plan::create(spec, {.executor = "reference", .backward_executor = "reference"});
}

double loss_at(const RandomRecurrence& recurrence, const Upstream& upstream) {
  return loss_of(upstream, run_plan(reference_plan(recurrence.spec, Keep::nothing), recurrence));
}

/// All that a loss depends on, in f64.
RandomRecurrence in_f64(RandomRecurrence recurrence) {
  const auto wide = [](const Tensor& tensor) { return tensor.to(DType::f64); };
  recurrence.x = wide(recurrence.x);
  recurrence.weights = recurrence.weights.map(wide);
  for (auto* states : {&recurrence.initial_state, &recurrence.reset_state}) {
    for (Tensor& state : *states) state = wide(state);
  }
  return recurrence;
}

/// A point `distance` along a random direction, which the seed draws again for each point, and the derivative along
/// that direction by the gradients.
struct Moved {
  RandomRecurrence recurrence;
  double derivative = 0;
  double square = 0;  ///< of the gradients' length
};

Moved moved_by(const RandomRecurrence& from, const Gradients& gradients, std::uint64_t seed, double distance) {
  Random random(seed);
  Moved moved{.recurrence = from};
  const auto move = [&](const Tensor& point, const Tensor& gradient) {
    const Tensor direction = random.tensor(point.shape(), 1.0, DType::f64);
    moved.derivative += sum(mul(direction, gradient)).item();
    moved.square += sum(mul(gradient, gradient)).item();
    return add(point, mul(direction, distance));
  };
  moved.recurrence.x = move(from.x, gradients.x);
  for (std::size_t k = 0; k < from.initial_state.size(); ++k) {
    moved.recurrence.initial_state[k] = move(from.initial_state[k], gradients.initial_state[k]);
  }
  for (std::size_t k = 0; k < from.reset_state.size(); ++k) {
    moved.recurrence.reset_state[k] = move(from.reset_state[k], gradients.reset_state[k]);
  }
  RecurrentWeights& weights = moved.recurrence.weights;
  weights.kernel = move(weights.kernel, *gradients.weights.kernel);
  weights.recurrent_kernel = move(weights.recurrent_kernel, *gradients.weights.recurrent_kernel);
  if (weights.bias) weights.bias = move(*weights.bias, *gradients.weights.bias);
  if (weights.peepholes) weights.peepholes = move(*weights.peepholes, *gradients.weights.peepholes);
  if (weights.projection) weights.projection = move(*weights.projection, *gradients.weights.projection);
  return moved;
}

/// Returns whether there was no kink.
bool compare_with_differences(const RandomRecurrence& recurrence, Random& random, std::uint64_t seed) {
  const Upstream upstream = random_upstream(random, recurrence);
  const Gradients gradients = gradients_of(reference_plan(recurrence.spec, Keep::gates), recurrence, upstream);
  const auto loss = [&](double distance) {
    return loss_at(moved_by(recurrence, gradients, seed, distance).recurrence, upstream);
  };
  const std::optional<double> difference = central_difference(loss);
  if (!difference) return false;
  const Moved here = moved_by(recurrence, gradients, seed, 0.0);
  EXPECT_NEAR(here.derivative, *difference, 1e-8 * std::max(1.0, std::sqrt(here.square)));
  return true;
}

TEST(Gradients, AreThoseOfFiniteDifferences) {
  int kinks = 0;
  int runs = 0;
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = in_f64(random_recurrence(random));
    SCOPED_TRACE(to_string(recurrence.spec));
    ++runs;
    if (!compare_with_differences(recurrence, random, seed)) ++kinks;
  });
  std::printf("%d kinks of %d\n", kinks, runs);
  EXPECT_LE(kinks, 2 + runs / 20) << "of " << runs << " runs had a kink between the points";
}

TEST(Gradients, OfEachActivationAreThoseOfFiniteDifferences) {
  int kinks = 0;
  for (const std::uint64_t seed : {1, 1001, 2001, 3001}) {
    for_each_activation(seed, 3, [&](const RandomRecurrence& recurrence) {
      Random random(seed);
      if (!compare_with_differences(in_f64(recurrence), random, seed)) ++kinks;
    });
  }
  std::printf("%d kinks\n", kinks);
  EXPECT_LE(kinks, 20);
}

/// What is not kept is computed again: from states alone, and from the states in front of segments, in the same bits.
TEST(Gradients, AreTheSameFromLessThanTheGates) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = in_f64(random_recurrence(random));
    const Upstream upstream = random_upstream(random, recurrence);
    SCOPED_TRACE(to_string(recurrence.spec));
    const auto expected = gradients_of(reference_plan(recurrence.spec, Keep::gates), recurrence, upstream).all();
    for (const std::int64_t segment : {std::int64_t{0}, random.integer(1, recurrence.spec.T + 2)}) {
      const auto actual =
          gradients_of(reference_plan(recurrence.spec, Keep::states, segment), recurrence, upstream).all();
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t k = 0; k < expected.size(); ++k) {
        EXPECT_TRUE(identical(actual[k].second, expected[k].second)) << expected[k].first << ", segment " << segment;
      }
    }
  });
}

}  // namespace
}  // namespace rondo::test
