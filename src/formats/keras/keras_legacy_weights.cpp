#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

namespace {

constexpr const char* kModelsOwn = "top_level_model_weights";

KerasLayer read_legacy_layer(const ArrayGroup& root, const std::string& name) {
  const ArrayGroup group = root.group(name);
  KerasLayer layer{.name = name, .file = root.file(), .path = group.path()};
  // Only weight_names has Keras's order: HDF5 lists datasets alphabetically, bias before kernel.
  for (const std::string& weight : group.strings("weight_names").value_or(std::vector<std::string>())) {
    read_weight(group, weight, layer);
  }
  return layer;
}

}  // namespace

bool is_legacy_weights(const ArrayGroup& root) { return root.strings("layer_names").has_value(); }

std::vector<KerasLayer> read_legacy_layers(const ArrayGroup& root) {
  const std::optional<std::vector<std::string>> names = root.strings("layer_names");
  if (!names) throw ValueError(root.where() + ": attribute layer_names", "nothing", "the names of the layers");
  std::vector<KerasLayer> layers;
  for (const std::string& name : *names) layers.push_back(read_legacy_layer(root, name));
  if (root.contains(kModelsOwn) && std::find(names->begin(), names->end(), kModelsOwn) == names->end()) {
    KerasLayer own = read_legacy_layer(root, kModelsOwn);
    if (!own.weights.empty()) layers.push_back(std::move(own));
  }
  return layers;
}

void attach_legacy_weights(std::vector<KerasLayer> found, std::vector<KerasLayer>& layers) {
  for (KerasLayer& weights : found) {
    const auto layer = std::find_if(layers.begin(), layers.end(),
                                    [&](const KerasLayer& candidate) { return candidate.name == weights.name; });
    if (layer != layers.end()) {
      layer->path = weights.path;
      std::move(weights.weights.begin(), weights.weights.end(), std::back_inserter(layer->weights));
      std::move(weights.weight_paths.begin(), weights.weight_paths.end(), std::back_inserter(layer->weight_paths));
    } else if (weights.name == kModelsOwn) {
      layers.push_back(std::move(weights));
    } else if (!weights.weights.empty()) {
      throw ValueError(weights.file + ": layer_names", "'" + weights.name + "', which has weights",
                       "layers of the configuration");
    }
  }
}

}  // namespace rondo
