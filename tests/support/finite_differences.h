/// Gradients of calls against finite differences, in f64.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"
#include "support/random.h"

namespace rondo::test {

/// All that the results of a call depend on, or their gradients.
struct Point {
  Nest inputs;
  States initial_state = {};
  States reset_state = {};
  std::vector<Tensor> weights = {};

  Point(Nest its_inputs, States its_initial_state, States its_reset_state, std::vector<Tensor> its_weights)
      : inputs(std::move(its_inputs)),
        initial_state(std::move(its_initial_state)),
        reset_state(std::move(its_reset_state)),
        weights(std::move(its_weights)) {}
  explicit Point(const LayerGradients& gradients)
      : Point(gradients.inputs, gradients.initial_state, gradients.reset_state, gradients.weights) {}

  /// The point with `change(leaf)` in place of each tensor.
  Point map(const std::function<Tensor(const Tensor&)>& change) const {
    Point changed = *this;
    changed.inputs = inputs.map(change);
    for (States* states : {&changed.initial_state, &changed.reset_state}) {
      for (Nest& state : *states) state = state.map(change);
    }
    for (Tensor& weight : changed.weights) weight = change(weight);
    return changed;
  }

  std::vector<Tensor> flatten() const {
    std::vector<Tensor> leaves;
    (void)map([&](const Tensor& leaf) { return leaves.emplace_back(leaf); });
    return leaves;
  }
};

/// A call at a point.
using CallAt = std::function<LayerResult(const Point& point)>;

/// The gradients of a loss, the sum of its products with the results of a call.
struct ResultGradients {
  Nest output;
  States states;

  double loss_of(const LayerResult& result) const {
    double loss = 0;
    const auto take = [&](const Nest& gradient, const Nest& value) {
      const std::vector<Tensor> gradients = gradient.flatten();
      const std::vector<Tensor> values = value.flatten();
      for (std::size_t k = 0; k < gradients.size(); ++k) loss += sum(mul(gradients[k], values[k])).item();
    };
    take(output, result.output);
    for (std::size_t k = 0; k < states.size(); ++k) take(states[k], result.states[k]);
    return loss;
  }
};

/// Random gradients like the results; those of the states only sometimes.
inline ResultGradients random_result_gradients(Random& random, const LayerResult& result) {
  const auto draw = [&](const Tensor& leaf) { return random.tensor(leaf.shape(), 1.0, leaf.dtype()); };
  ResultGradients gradients{.output = result.output.map(draw), .states = {}};
  if (random.coin(0.4)) return gradients;
  for (const Nest& state : result.states) gradients.states.push_back(state.map(draw));
  return gradients;
}

/// Expects that the loss changes along a random direction as the gradients say. `at` must be smooth.
inline void expect_derivative(Random& random, const Point& from, const Point& gradients, const CallAt& at,
                              const ResultGradients& of_results) {
  constexpr double kDistance = 1e-6;
  std::vector<Tensor> directions;
  double derivative = 0;
  double square = 0;
  const std::vector<Tensor> points = from.flatten();
  const std::vector<Tensor> slopes = gradients.flatten();
  ASSERT_EQ(slopes.size(), points.size());
  for (std::size_t k = 0; k < points.size(); ++k) {
    ASSERT_EQ(slopes[k].shape(), points[k].shape()) << "gradient " << k;
    directions.push_back(random.tensor(points[k].shape(), 1.0, DType::f64));
    derivative += sum(mul(directions[k], slopes[k])).item();
    square += sum(mul(slopes[k], slopes[k])).item();
  }
  const auto loss = [&](double distance) {
    std::size_t next = 0;
    return of_results.loss_of(
        at(from.map([&](const Tensor& leaf) { return add(leaf, mul(directions[next++], distance)); })));
  };
  const double measured = (loss(kDistance) - loss(-kDistance)) / (2 * kDistance);
  EXPECT_NEAR(derivative, measured, 1e-8 * std::max(1.0, std::sqrt(square)));
}

}  // namespace rondo::test
