#include "formats/keras/keras_contents.h"

#include <algorithm>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/containers/json.h"
#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_layer.h"
#include "formats/keras/keras_left_out.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string archive_version(const KerasArchive& archive) {
  constexpr std::size_t kDepth = 8;
  const std::string where = archive.file + ": metadata.json";
  const nlohmann::json metadata = parse_json(archive.metadata, where, kDepth);
  return KerasFields(metadata, where, {}).text("keras_version");
}

KerasModel read_legacy(const ArrayGroup& root) {
  KerasModel model{.file = root.file(), .keras_version = root.string("keras_version").value_or(""), .layers = {}};
  const bool whole = root.contains("model_weights");
  std::vector<KerasLayer> found = whole ? read_legacy_layers(root.group("model_weights")) : read_legacy_layers(root);
  if (const std::optional<std::string> configuration = root.string("model_config")) {
    // Every Keras 3 writes its version; some versions of Keras 1 did not.
    const std::string version = model.keras_version.empty() ? "2.0" : model.keras_version;
    model.layers = parse_keras_configuration(*configuration, keras_origin(version, model.file));
    model.configuration = *configuration;
    attach_legacy_weights(std::move(found), model.layers);
  } else {
    std::erase_if(found, [](const KerasLayer& layer) { return layer.weights.empty(); });
    model.layers = std::move(found);
  }
  return model;
}

/// Checks that nothing is left out, and the layers.
KerasModel settled(KerasModel model, const ArrayGroup& root) {
  refuse_unread(root);
  for (KerasLayer& layer : model.layers) settle_weights(layer);
  return model;
}

}  // namespace

const KerasLayer& KerasModel::layer(const std::string& name) const {
  const auto find = [&](std::string KerasLayer::*key) {
    return std::find_if(layers.begin(), layers.end(), [&](const KerasLayer& one) { return one.*key == name; });
  };
  auto found = find(&KerasLayer::name);
  if (found == layers.end() && !name.empty()) found = find(&KerasLayer::path);
  if (found != layers.end()) return *found;
  std::vector<std::string> names;
  for (const KerasLayer& known : layers) names.push_back(known.name);
  throw ValueError(file + ": layer", "'" + name + "'", "one of " + listed(names));
}

KerasModel read_keras_archive(const KerasArchive& archive, const ArrayGroup& root) {
  KerasModel model{.file = archive.file,
                   .keras_version = archive_version(archive),
                   .configuration = archive.configuration,
                   .layers = {}};
  model.layers = parse_keras_configuration(archive.configuration, keras_origin(model.keras_version, archive.file));
  attach_tree_weights(root, model.layers);
  return settled(std::move(model), root);
}

KerasModel read_keras_tree(const ArrayGroup& root) {
  if (root.contains("model_weights") || is_legacy_weights(root)) return settled(read_legacy(root), root);
  return settled({.file = root.file(), .keras_version = {}, .layers = read_tree_layers(root)}, root);
}

KerasLayer read_keras_layer(std::string_view configuration, const std::string& keras_version, const std::string& file,
                            std::vector<Tensor> weights) {
  KerasLayer layer = parse_keras_layer(configuration, keras_origin(keras_version, file));
  layer.weights = std::move(weights);
  settle_weights(layer);
  return layer;
}

}  // namespace rondo
