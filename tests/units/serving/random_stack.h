/// Networks for pools, and what their streams must emit.
#pragma once

#include <initializer_list>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "support/random.h"
#include "support/random_recurrence.h"

namespace rondo::test {

/// Layers of these cells, forward only, with random weights.
struct StackSizes {
  std::int64_t I = 5;
  std::int64_t H = 9;
  DType dtype = DType::f32;
};

inline LoadedNetwork stack_of(Random& random, const std::vector<CellSpec>& cells, std::int64_t I, DType dtype) {
  LoadedNetwork network;
  for (const CellSpec& cell : cells) {
    const RecurrentWeights weights = random_weights(random, cell, I);
    network.spec.layers.push_back({.forward = {.cell = cell, .I = I, .dtype = dtype}});
    network.weights.push_back({.forward = weights.map([&](const Tensor& one) { return one.to(dtype); })});
    I = output_units(cell);
  }
  return network;
}

inline LoadedNetwork random_stack(Random& random, std::initializer_list<CellKind> kinds, const StackSizes& sizes = {}) {
  std::vector<CellSpec> cells;
  for (const CellKind kind : kinds) cells.push_back({.kind = kind, .units = sizes.H});
  return stack_of(random, cells, sizes.I, sizes.dtype);
}

/// Zero states of one stream through each layer.
inline std::vector<LayerTensors> states_of(const LoadedNetwork& network) {
  std::vector<LayerTensors> layers;
  for (const NetworkLayer& layer : network.spec.layers) {
    LayerTensors& tensors = layers.emplace_back();
    for (int k = 0; k < state_count(layer.forward.cell.kind); ++k) {
      tensors.forward.initial_state.push_back(
          Tensor::zeros({1, state_units(layer.forward.cell, k)}, layer.forward.dtype));
    }
    tensors.forward.final_state = tensors.forward.initial_state;
  }
  return layers;
}

/// The outputs (L, O) of one stream x (L, I), by a session of its own. Where states have fewer bits than the
/// arithmetic, each step is a run.
inline Tensor stream_alone(const LoadedNetwork& network, const Tensor& x, const NetworkOptions& options = {}) {
  const std::int64_t L = x.size(0);
  const bool in_one_run = x.dtype() == DType::f32 || x.dtype() == DType::f64;
  const std::int64_t T = in_one_run ? L : 1;
  NetworkSession session = network.session({.T = T, .B = 1}, options);
  const std::vector<LayerTensors> layers = states_of(network);
  const Tensor y = Tensor::empty({L, network.output_features()}, x.dtype());
  for (std::int64_t t = 0; t < L; t += T) {
    session.run({.x = x.slice(0, t, t + T).insert_axis(1), .y = y.slice(0, t, t + T).insert_axis(1), .layers = layers});
  }
  return y;
}

}  // namespace rondo::test
