#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

bool is_legacy_weights(const HdfGroup& root) { return root.strings("layer_names").has_value(); }

std::vector<KerasLayer> read_legacy_layers(const HdfGroup& root) {
  const std::optional<std::vector<std::string>> names = root.strings("layer_names");
  if (!names) throw ValueError(root.where() + ": attribute layer_names", "nothing", "the names of the layers");
  std::vector<KerasLayer> layers;
  for (const std::string& name : *names) {
    const HdfGroup group = root.group(name);
    KerasLayer layer{.name = name, .file = root.file()};
    // The names are the only order there is: datasets are listed alphabetically, bias before kernel.
    for (const std::string& weight : group.strings("weight_names").value_or(std::vector<std::string>())) {
      layer.weights.push_back(group.tensor(weight));
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

void attach_legacy_weights(std::vector<KerasLayer> found, std::vector<KerasLayer>& layers) {
  for (KerasLayer& weights : found) {
    const auto layer = std::find_if(layers.begin(), layers.end(),
                                    [&](const KerasLayer& candidate) { return candidate.name == weights.name; });
    if (layer != layers.end()) {
      std::move(weights.weights.begin(), weights.weights.end(), std::back_inserter(layer->weights));
    } else if (!weights.weights.empty()) {
      throw ValueError(weights.file + ": layer_names", "'" + weights.name + "', which has weights",
                       "layers of the configuration");
    }
  }
}

}  // namespace rondo
