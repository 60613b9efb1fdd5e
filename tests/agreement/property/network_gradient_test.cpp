// Gradients of networks in f64 against finite differences, over random networks.

#include <gtest/gtest.h>

#include <cmath>

#include "rondo/ops/ops.h"
#include "support/central_difference.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/network_gradients.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

NetworkPlan plan_of(const RandomNetwork& network, Keep keep) {
  const RandomNetwork kept = keeping(network, [&](RecurrenceSpec spec) {
    spec.keep = keep;
    return spec;
  });
  return NetworkPlan::create(kept.spec, {.executor = "reference", .backward_executor = "reference"});
}

double dot_of(const Tensor& a, const Tensor& b) { return sum(mul(a, b)).item(); }

/// The loss: the sum of all outputs times these tensors.
struct Loss {
  NetworkGradients upstream;
  double of(const NetworkTensors& run) const {
    double loss = upstream.y ? dot_of(*upstream.y, *run.y) : 0.0;
    const auto add = [&](const DirectionGradients& gradients, const DirectionTensors& tensors) {
      if (gradients.last_output) loss += dot_of(*gradients.last_output, *tensors.last_output);
      for (std::size_t k = 0; k < gradients.final_state.size(); ++k) {
        loss += dot_of(gradients.final_state[k], tensors.final_state[k]);
      }
    };
    for (std::size_t k = 0; k < upstream.layers.size(); ++k) {
      add(upstream.layers[k].forward, run.layers[k].forward);
      add(upstream.layers[k].backward, run.layers[k].backward);
    }
    return loss;
  }
};

double loss_at(const RandomNetwork& network, const Loss& loss) {
  NetworkSession session(plan_of(network, Keep::nothing), network.weights);
  const NetworkTensors run = with_outputs(network);
  session.run(run);
  return loss.of(run);
}

/// Gradients of x, and of all kernels and initial states.
NetworkGradients gradients_of(const RandomNetwork& network, const Loss& loss, Keep keep) {
  const NetworkPlan plan = plan_of(network, keep);
  NetworkSession session(plan, network.weights);
  NetworkTensors run = with_outputs(network);
  run.reserve = Tensor::full({static_cast<std::int64_t>(plan.reserve_bytes())}, 255, DType::u8);
  session.run(run);
  const NetworkGradients gradients = unwritten_gradients(network, loss.upstream);
  session.backward(run, gradients);
  return gradients;
}

/// A network `distance` along a random direction, and the derivative along it.
struct Moved {
  RandomNetwork network;
  double derivative = 0;
  double square = 0;
};

Moved moved_by(const RandomNetwork& from, const NetworkGradients& gradients, std::uint64_t seed, double distance) {
  Random random(seed);
  Moved result{.network = from};
  const auto move = [&](Tensor& point, const Tensor& gradient) {
    const Tensor direction = random.tensor(point.shape(), 1.0, DType::f64);
    result.derivative += dot_of(direction, gradient);
    result.square += dot_of(gradient, gradient);
    point = add(point, mul(direction, distance));
  };
  move(result.network.tensors.x, *gradients.x);
  const auto move_direction = [&](RecurrentWeights& weights, DirectionTensors& tensors,
                                  const DirectionGradients& of_direction) {
    move(weights.kernel, *of_direction.weights.kernel);
    move(weights.recurrent_kernel, *of_direction.weights.recurrent_kernel);
    for (std::size_t k = 0; k < tensors.initial_state.size(); ++k) {
      move(tensors.initial_state[k], of_direction.initial_state[k]);
    }
  };
  for (std::size_t k = 0; k < from.weights.size(); ++k) {
    LayerTensors& tensors = result.network.tensors.layers[k];
    move_direction(result.network.weights[k].forward, tensors.forward, gradients.layers[k].forward);
    if (!from.weights[k].backward) continue;
    move_direction(*result.network.weights[k].backward, tensors.backward, gradients.layers[k].backward);
  }
  return result;
}

TEST(NetworkGradients, AreThoseOfFiniteDifferences) {
  int kinks = 0;
  int runs = 0;
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomNetwork network = moved(random_network(random), DType::f64, cpu());
    const Loss loss{random_network_upstream(random, with_outputs(network))};
    const NetworkGradients gradients = gradients_of(network, loss, random.pick({Keep::states, Keep::gates}));
    const std::optional<double> difference = central_difference(
        [&](double distance) { return loss_at(moved_by(network, gradients, seed, distance).network, loss); });
    ++runs;
    if (!difference) {
      ++kinks;
      return;
    }
    const Moved along = moved_by(network, gradients, seed, 0.0);
    EXPECT_NEAR(along.derivative, *difference, 2e-8 * std::max(1.0, std::sqrt(along.square)))
        << plan_of(network, Keep::gates).explain();
  });
  EXPECT_LE(kinks, 2 + runs / 20) << "of " << runs << " runs had a kink between the points";
}

TEST(NetworkGradients, NeedReservesInAllLayers) {
  RandomNetwork network = plain_network(4, 2, 3);
  network.spec.layers[0].forward.keep = Keep::gates;
  expect_words([&] { (void)NetworkPlan::create(network.spec); }, {"layers[1].forward.keep", "nothing"});
  for (NetworkLayer& layer : network.spec.layers) layer.forward.keep = Keep::gates;
  const NetworkPlan plan = NetworkPlan::create(network.spec);
  NetworkSession session(plan, network.weights);
  NetworkTensors run = with_outputs(network);
  expect_words([&] { session.run(run); }, {"reserve", "keeps gates"});
  run.reserve = Tensor::zeros({static_cast<std::int64_t>(plan.reserve_bytes())}, DType::u8);
  expect_words([&] { session.backward(run, {}); }, {"layers[2].forward", "reserve", "no run has written"});
  session.run(run);
  session.backward(run, {});
  expect_words([&] { session.backward(run, {.y = Tensor::zeros({4, 2, 4}, DType::f32)}); }, {"gradients.y"});
  expect_words([&] { session.backward(run, {.layers = {{}}}); }, {"gradients.layers", "1 of them", "3"});
}

}  // namespace
}  // namespace rondo::test
