#include "models/families/inner_layers.h"

#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_layer.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

template <typename Layer>
std::vector<Layer> layers_of(const Layer& layer) {
  if constexpr (requires { layer.layers; }) {
    return layer.layers;
  } else {
    throw ValueError(layer.file + ": layer '" + layer.name + "': class", "'" + layer.class_name + "'", "no model");
  }
}

template <typename Layer>
void check_problem_of(const Layer& layer) {
  if constexpr (requires { layer.problem; }) {
    if (!layer.problem.empty()) throw ValueError(layer.problem);
  }
}

}  // namespace

std::vector<KerasLayer> inner_layers(const KerasLayer& layer) { return layers_of(layer); }

KerasLayer inner_layer(const KerasLayer& wrapper, const nlohmann::json& entry, const KerasOrigin& origin) {
  if (wrapper.wrapped.size() == 1) return wrapper.wrapped.front();
  KerasLayer inner = parse_keras_layer(entry.dump(), origin);
  inner.weights = wrapper.weights;
  inner.weight_paths = wrapper.weight_paths;
  settle_weights(inner);
  return inner;
}

void check_problem(const KerasLayer& layer) { check_problem_of(layer); }

}  // namespace rondo
