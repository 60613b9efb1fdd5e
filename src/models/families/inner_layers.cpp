#include "models/families/inner_layers.h"

#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_layer.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

std::vector<KerasLayer> inner_layers(const KerasLayer& layer, const KerasOrigin& origin) {
  std::vector<KerasLayer> layers = parse_keras_configuration(layer.configuration, origin);
  (void)layers;
  throw ValueError(layer.file + ": layer '" + layer.name + "': class", "'" + layer.class_name + "'", "no nested model");
}

KerasLayer inner_layer(const KerasLayer& wrapper, const nlohmann::json& entry, const KerasOrigin& origin) {
  KerasLayer inner = parse_keras_layer(entry.dump(), origin);
  inner.weights = wrapper.weights;
  inner.weight_paths = wrapper.weight_paths;
  settle_weights(inner);
  return inner;
}

}  // namespace rondo
