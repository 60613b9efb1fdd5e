#include "formats/keras/keras_contents.h"

#include <cctype>
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

/// The version of an architecture. `to_json` of Keras 3 does not write one, nor has `config.json` of an archive; then
/// the weights of a legacy file tell it, or how the inputs give their shapes.
std::string architecture_version(const KerasText& architecture, const ArrayGroup& root) {
  constexpr std::size_t kDepth = 100;
  const std::string where = architecture.file + ": configuration";
  const nlohmann::json document = parse_json(architecture.text, where, kDepth);
  const std::string written = KerasFields(document, where, {}).text("keras_version", "");
  if (!written.empty()) return written;
  if (const std::optional<std::string> version = root.string("keras_version")) return *version;
  if (!document.contains("module")) return "2.0";
  if (architecture.text.find("\"batch_shape\"") != std::string::npos) return "3.0";
  if (architecture.text.find("\"batch_input_shape\"") != std::string::npos) return "2.15";
  throw ValueError(where + ": keras_version", "nothing", "the version of Keras, which decides what its names mean");
}

/// An origin of the version, with a registry that outlives it.
KerasOrigin origin_of(const std::string& version, const std::string& file, const KerasRegistry& registry) {
  KerasOrigin origin = keras_origin(version, file);
  origin.registry = &registry;
  return origin;
}

/// Fills in the layers of a configuration, and the reason if there are none.
void configure(const std::string& configuration, const KerasOrigin& origin, KerasModel& model) {
  KerasArchitecture architecture = parse_keras_configuration(configuration, origin);
  model.configuration = configuration;
  model.layers = std::move(architecture.layers);
  model.problem = std::move(architecture.problem);
}

/// Gives the layers of a configuration the weights of a file of either kind; all weights of the file become layers
/// where the configuration has none.
void attach_weights(const ArrayGroup& root, KerasModel& model) {
  const bool whole = root.contains("model_weights");
  const ArrayGroup weights = whole ? root.group("model_weights") : root;
  const bool is_legacy = whole || is_legacy_weights(root);
  if (!model.configuration.empty() && model.problem.empty()) {
    if (is_legacy) {
      attach_legacy_weights(read_legacy_layers(weights), model.layers);
      doubt_kernels(weights, model.layers);
    } else {
      attach_tree_weights(root, model.layers);
    }
    return;
  }
  model.layers = is_legacy ? read_legacy_layers(weights) : read_tree_layers(root);
  std::erase_if(model.layers, [](const KerasLayer& layer) { return layer.weights.empty(); });
  const bool has_version =
      !model.keras_version.empty() && std::isdigit(static_cast<unsigned char>(model.keras_version[0]));
  if (is_legacy && has_version) {
    const KerasOrigin origin = keras_origin(model.keras_version, model.file);
    for (KerasLayer& layer : model.layers) note_old_defaults(origin, layer);
  }
}

/// Attaches and checks the weights, and that nothing is left out.
KerasModel with_weights(KerasModel model, const ArrayGroup& root) {
  attach_weights(root, model);
  refuse_unread(root);
  for (KerasLayer& layer : model.layers) settle_weights(layer);
  return model;
}

}  // namespace

KerasModel read_keras_archive(const KerasArchive& archive, const ArrayGroup& root, const KerasRegistry& registry) {
  KerasModel model{.file = archive.file, .keras_version = archive_version(archive), .layers = {}};
  configure(archive.configuration, origin_of(model.keras_version, archive.file, registry), model);
  return with_weights(std::move(model), root);
}

KerasModel read_keras_tree(const ArrayGroup& root, const KerasRegistry& registry) {
  KerasModel model{.file = root.file(), .keras_version = root.string("keras_version").value_or(""), .layers = {}};
  if (const std::optional<std::string> configuration = root.string("model_config")) {
    // Every Keras 3 writes its version; some versions of Keras 1 did not.
    const std::string version = model.keras_version.empty() ? "2.0" : model.keras_version;
    configure(*configuration, origin_of(version, model.file, registry), model);
  }
  return with_weights(std::move(model), root);
}

KerasModel read_keras_files(const KerasText& architecture, const ArrayGroup& root, const KerasRegistry& registry) {
  KerasModel model{.file = architecture.file, .keras_version = architecture_version(architecture, root), .layers = {}};
  configure(architecture.text, origin_of(model.keras_version, architecture.file, registry), model);
  return with_weights(std::move(model), root);
}

KerasLayer read_keras_layer(std::string_view configuration, const std::string& keras_version, const std::string& file,
                            std::vector<Tensor> weights, const KerasRegistry& registry) {
  KerasLayer layer = parse_keras_layer(configuration, origin_of(keras_version, file, registry));
  layer.weights = std::move(weights);
  share_weights(layer);
  settle_weights(layer);
  return layer;
}

}  // namespace rondo
