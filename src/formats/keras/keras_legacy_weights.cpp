#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/keras/keras_layer.h"
#include "formats/keras/keras_options.h"
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
  join_keras1_gates(layer);
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
      share_weights(*layer);
    } else if (weights.name == kModelsOwn) {
      layers.push_back(std::move(weights));
    } else if (!weights.weights.empty()) {
      throw ValueError(weights.file + ": layer_names", "'" + weights.name + "', which has weights",
                       "layers of the configuration");
    }
  }
}

void doubt_kernels(const ArrayGroup& weights, std::vector<KerasLayer>& layers) {
  if (weights.string("backend").value_or("") != "theano") return;
  for (KerasLayer& layer : layers) {
    doubt_kernels(weights, layer.wrapped);
    doubt_kernels(weights, layer.layers);
    const bool convolves = layer.class_name.find("Conv") != std::string::npos;
    if (!convolves || layer.weights.empty() || !layer.problem.empty()) continue;
    layer.problem = ValueError(place_of(layer) + ": backend", "theano, whose convolutions have flipped kernels",
                               "a file that Keras wrote with TensorFlow; load and save it there")
                        .what();
  }
}

void note_old_defaults(const KerasOrigin& origin, KerasLayer& layer) {
  if (!origin.before(2, 3) || layer.weights.size() < 2 || layer.weights[1].rank() != 2) return;
  const std::int64_t H = layer.weights[1].size(0);
  const std::int64_t columns = layer.weights[1].size(1);
  if (H == 0 || (columns != 4 * H && columns != 3 * H)) return;
  layer.problem =
      ValueError(
          place_of(layer) + ": class", "none, as its file has no configuration",
          "a layer that the caller makes with recurrent_weights. The file is older than Keras 2.3, whose LSTM and "
          "GRU have recurrent_activation hard_sigmoid (and a GRU reset_after false) unless the model says otherwise")
          .what();
}

}  // namespace rondo
