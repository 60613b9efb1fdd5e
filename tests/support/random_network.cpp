#include "support/random_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/random_recurrence.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Common {
  std::int64_t T;
  std::int64_t B;
  bool has_mask;
  bool has_lengths;
  bool has_resets;
  bool in_one_direction;  ///< all layers are forward only, as a wavefront needs
};

ReadOrder random_forward_order(Random& random) {
  const ReadOrder other = random.pick({ReadOrder::reversed, ReadOrder::reversed_within_length});
  return random.coin(0.85) ? ReadOrder::forward : other;
}

/// Draws one direction of a layer.
RecurrenceSpec add_recurrence(Random& random, const Common& common, std::int64_t I, RecurrentWeights& weights,
                              DirectionTensors& tensors) {
  const RandomRecurrence drawn = random_recurrence(random, {.B = common.B, .T = common.T, .I = I});
  weights = drawn.weights;
  tensors.initial_state = drawn.initial_state;
  RecurrenceSpec spec = drawn.spec;
  spec.has_mask = common.has_mask && random.coin(0.8);
  spec.has_lengths = common.has_lengths && random.coin(0.8);
  spec.has_resets = common.has_resets && drawn.resets.has_value();
  if (spec.has_resets) tensors.reset_state = drawn.reset_state;
  return spec;
}

void add_layer(Random& random, const Common& common, std::int64_t I, RandomNetwork& network) {
  NetworkLayer layer;
  NetworkWeights weights;
  LayerTensors tensors;
  layer.forward = add_recurrence(random, common, I, weights.forward, tensors.forward);
  layer.forward.rules.read = common.in_one_direction ? ReadOrder::forward : random_forward_order(random);
  if (!common.in_one_direction && random.coin(0.5)) {
    layer.forward.rules.write = WriteOrder::input;
    weights.backward.emplace();
    layer.backward = add_recurrence(random, common, I, *weights.backward, tensors.backward);
    layer.backward->rules.read = random.pick({ReadOrder::reversed, ReadOrder::reversed_within_length});
    layer.backward->rules.write = WriteOrder::input;
  }
  network.spec.layers.push_back(std::move(layer));
  network.weights.push_back(std::move(weights));
  network.tensors.layers.push_back(std::move(tensors));
  network.wants_last_outputs.push_back(random.coin());
  network.wants_final_states.push_back(random.coin());
}

RecurrentWeights converted(const RecurrentWeights& weights, DType dtype, Device device) {
  return weights.map([&](const Tensor& weight) { return weight.to(dtype).to(device); });
}

template <typename Visit>
void for_each_direction(const RandomNetwork& network, const Visit& visit) {
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    const NetworkLayer& layer = network.spec.layers[k];
    visit(k, Direction::forward, layer.forward);
    if (layer.backward) visit(k, Direction::backward, *layer.backward);
  }
}

DirectionTensors& direction_of(LayerTensors& layer, Direction direction) {
  return direction == Direction::forward ? layer.forward : layer.backward;
}

}  // namespace

RandomNetwork random_network(Random& random) {
  const Common common{.T = random.integer(0, 9),
                      .B = random.integer(0, 4),
                      .has_mask = random.coin(0.4),
                      .has_lengths = random.coin(0.25),
                      .has_resets = random.coin(0.4),
                      .in_one_direction = random.coin()};
  RandomNetwork network;
  const std::int64_t layers = random.integer(1, 3);
  std::int64_t I = random.integer(1, 5);
  for (std::int64_t k = 0; k < layers; ++k) {
    add_layer(random, common, I, network);
    I = output_features(network.spec.layers.back());
  }
  // x, in some layout, mask and lengths are from a random recurrence with the sizes of the first layer.
  RandomRecurrence drawn;
  do {
    drawn = random_recurrence(random, {.B = common.B, .T = common.T, .I = network.spec.layers[0].forward.I});
  } while (!drawn.spec.has_mask || !drawn.spec.has_lengths || !drawn.spec.has_resets);
  network.tensors.x = random.tensor(drawn.x.shape(), 1.0);
  if (random.coin()) network.tensors.x = network.tensors.x.slice(0, common.T - 1, -1, -1);
  for_each_direction(network, [&](std::size_t, Direction, const RecurrenceSpec& spec) {
    if (spec.has_mask) network.tensors.mask = drawn.mask;
    if (spec.has_lengths) network.tensors.lengths = drawn.lengths;
    if (spec.has_resets) network.tensors.resets = drawn.resets;
  });
  network.wants_y = random.coin(0.8);
  return network;
}

RandomNetwork plain_network(std::int64_t T, std::int64_t B, std::int64_t H) {
  Random random(11);
  RandomNetwork network;
  for (const CellKind kind : {CellKind::lstm, CellKind::gru, CellKind::simple_rnn}) {
    const std::int64_t columns = gate_count(kind) * H;
    const double scale = 1.0 / static_cast<double>(H);
    network.spec.layers.push_back({.forward = {.cell = {.kind = kind, .units = H}, .T = T, .B = B, .I = H}});
    network.weights.push_back(
        {.forward = {random.tensor({H, columns}, 1.0), random.tensor({H, columns}, scale),
                     random.tensor(kind == CellKind::gru ? Shape{2, columns} : Shape{columns}, 0.5)}});
    network.tensors.layers.emplace_back();
    network.wants_last_outputs.push_back(true);
    network.wants_final_states.push_back(true);
  }
  network.tensors.x = random.tensor({T, B, H}, 1.0);
  return network;
}

RandomNetwork tall_network_of(std::int64_t T, std::int64_t B, std::int64_t H) {
  RandomNetwork network = plain_network(T, B, H);
  const RandomNetwork more = plain_network(T, B, H);
  NetworkLayer both = more.spec.layers[0];
  both.forward.rules.write = WriteOrder::input;
  both.backward = more.spec.layers[1].forward;
  both.backward->rules.read = ReadOrder::reversed;
  both.backward->rules.write = WriteOrder::input;
  network.spec.layers.push_back(both);
  network.weights.push_back({more.weights[0].forward, more.weights[1].forward});
  network.tensors.layers.emplace_back();
  network.wants_last_outputs.push_back(true);
  network.wants_final_states.push_back(true);
  return network;
}

RandomNetwork moved(const RandomNetwork& network, DType dtype, Device device) {
  RandomNetwork result = network;
  const auto move = [&](Tensor& tensor) { tensor = tensor.to(dtype).to(device); };
  for (NetworkLayer& layer : result.spec.layers) {
    layer.forward.dtype = dtype;
    layer.forward.device = device;
    if (!layer.backward) continue;
    layer.backward->dtype = dtype;
    layer.backward->device = device;
  }
  for (NetworkWeights& weights : result.weights) {
    weights.forward = converted(weights.forward, dtype, device);
    if (weights.backward) weights.backward = converted(*weights.backward, dtype, device);
  }
  move(result.tensors.x);
  if (result.tensors.mask) result.tensors.mask = result.tensors.mask->to(device);
  if (result.tensors.lengths) result.tensors.lengths = result.tensors.lengths->to(device);
  if (result.tensors.resets) result.tensors.resets = result.tensors.resets->to(device);
  for (LayerTensors& layer : result.tensors.layers) {
    for (DirectionTensors* direction : {&layer.forward, &layer.backward}) {
      std::ranges::for_each(direction->initial_state, move);
      std::ranges::for_each(direction->reset_state, move);
    }
  }
  return result;
}

NetworkTensors with_outputs(const RandomNetwork& network) {
  NetworkTensors tensors = network.tensors;
  const RecurrenceSpec& first = network.spec.layers.front().forward;
  const std::int64_t features = output_features(network.spec.layers.back());
  if (network.wants_y) {  // batch-major, so that a session must use y's strides
    tensors.y = Tensor::full({first.B, first.T, features}, kNaN, first.dtype, first.device).swap_axes(0, 1);
  }
  for_each_direction(network, [&](std::size_t k, Direction direction, const RecurrenceSpec& spec) {
    const auto rows = [&](std::int64_t units) { return Tensor::full({spec.B, units}, kNaN, spec.dtype, spec.device); };
    DirectionTensors& wanted = direction_of(tensors.layers[k], direction);
    if (network.wants_last_outputs[k]) wanted.last_output = rows(output_units(spec.cell));
    for (int state = 0; network.wants_final_states[k] && state < state_count(spec.cell.kind); ++state) {
      wanted.final_state.push_back(rows(state_units(spec.cell, state)));
    }
  });
  return tensors;
}

std::map<std::string, Tensor> take_outputs(const NetworkTensors& tensors) {
  std::map<std::string, Tensor> outputs;
  const auto take = [&](const std::string& name, const Tensor& tensor) { outputs[name] = tensor.to(cpu()).clone(); };
  if (tensors.y) take("y", *tensors.y);
  for (std::size_t k = 0; k < tensors.layers.size(); ++k) {
    for (const auto& [name, direction] :
         {std::pair("forward", &tensors.layers[k].forward), std::pair("backward", &tensors.layers[k].backward)}) {
      const std::string prefix = "layers[" + std::to_string(k) + "]." + name;
      if (direction->last_output) take(prefix + ".last_output", *direction->last_output);
      for (std::size_t state = 0; state < direction->final_state.size(); ++state) {
        take(prefix + ".final_state[" + std::to_string(state) + "]", direction->final_state[state]);
      }
    }
  }
  return outputs;
}

std::map<std::string, Tensor> run_network(const RandomNetwork& network, const NetworkPlan& plan, int runs) {
  const NetworkTensors tensors = with_outputs(network);
  NetworkSession session(plan, network.weights, current_stream(plan.device()));
  for (int run = 0; run < runs; ++run) session.run(tensors);
  return take_outputs(tensors);
}

void expect_identical(const std::map<std::string, Tensor>& actual, const std::map<std::string, Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(identical(actual.at(name), tensor)) << name;
}

}  // namespace rondo::test
