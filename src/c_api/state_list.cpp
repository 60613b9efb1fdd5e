#include "c_api/state_list.h"

#include <cstddef>

namespace rondo::c_api {
namespace {

// The next states of a list, as many as a cell has; none of an empty list.
std::vector<Tensor> next_states(const std::vector<Tensor>& all, std::size_t first, const CellSpec& cell) {
  if (all.empty()) return {};
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + state_count(cell.kind)};
}

}  // namespace

std::vector<std::int64_t> state_features(const NetworkSpec& spec) {
  std::vector<std::int64_t> features;
  const auto append = [&](const CellSpec& cell) {
    for (int state = 0; state < state_count(cell.kind); ++state) features.push_back(state_units(cell, state));
  };
  for (const NetworkLayer& layer : spec.layers) {
    append(layer.forward.cell);
    if (layer.backward) append(layer.backward->cell);
  }
  return features;
}

std::vector<LayerTensors> layer_tensors(const NetworkSpec& spec, const std::vector<Tensor>& initial,
                                        const std::vector<Tensor>& final) {
  if (initial.empty() && final.empty()) return {};
  std::vector<LayerTensors> layers(spec.layers.size());
  std::size_t first = 0;
  const auto take = [&](const CellSpec& cell, DirectionTensors& direction) {
    direction.initial_state = next_states(initial, first, cell);
    direction.final_state = next_states(final, first, cell);
    first += static_cast<std::size_t>(state_count(cell.kind));
  };
  for (std::size_t k = 0; k < layers.size(); ++k) {
    take(spec.layers[k].forward.cell, layers[k].forward);
    if (spec.layers[k].backward) take(spec.layers[k].backward->cell, layers[k].backward);
  }
  return layers;
}

}  // namespace rondo::c_api
