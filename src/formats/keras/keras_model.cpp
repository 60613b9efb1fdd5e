#include "rondo/formats/keras_model.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "formats/containers/hdf5_group.h"
#include "formats/containers/input_file.h"
#include "formats/containers/json.h"
#include "formats/containers/zip_archive.h"
#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_layer.h"
#include "formats/keras/keras_left_out.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::string_view kZipSignature = "PK\x03\x04";
constexpr std::string_view kHdfSignature = "\x89HDF\r\n\x1a\n";

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string archive_version(const ZipArchive& archive, const std::string& file) {
  constexpr std::size_t kDepth = 8;
  const std::string where = file + ": metadata.json";
  const nlohmann::json metadata = parse_json(text_of(archive.read("metadata.json")), where, kDepth);
  return KerasFields(metadata, where, {}).text("keras_version");
}

KerasModel load_archive(const std::filesystem::path& path) {
  const ZipArchive archive(path, "a .keras archive");
  const std::string file = path.string();
  const std::string configuration = text_of(archive.read("config.json"));
  KerasModel model{.file = file, .keras_version = archive_version(archive, file), .layers = {}};
  model.layers = parse_keras_configuration(configuration, keras_origin(model.keras_version, file));
  const std::vector<std::byte> weights = archive.read("model.weights.h5");
  const HdfSession session;
  const HdfGroup root = HdfGroup::open_image(weights, file + ": model.weights.h5");
  attach_tree_weights(root, model.layers);
  refuse_unread(root);
  return model;
}

KerasModel load_legacy(const HdfGroup& root) {
  KerasModel model{.file = root.file(), .keras_version = root.string("keras_version").value_or(""), .layers = {}};
  const bool whole = root.contains("model_weights");
  std::vector<KerasLayer> found = whole ? read_legacy_layers(root.group("model_weights")) : read_legacy_layers(root);
  if (const std::optional<std::string> configuration = root.string("model_config")) {
    // Every Keras 3 writes its version; some versions of Keras 1 did not.
    const std::string version = model.keras_version.empty() ? "2.0" : model.keras_version;
    model.layers = parse_keras_configuration(*configuration, keras_origin(version, model.file));
    attach_legacy_weights(std::move(found), model.layers);
  } else {
    std::erase_if(found, [](const KerasLayer& layer) { return layer.weights.empty(); });
    model.layers = std::move(found);
  }
  refuse_unread(root);
  return model;
}

KerasModel load_hdf(const std::filesystem::path& path) {
  const HdfSession session;
  const HdfGroup root = HdfGroup::open(path);
  if (root.contains("model_weights") || is_legacy_weights(root)) return load_legacy(root);
  KerasModel model{.file = root.file(), .keras_version = {}, .layers = read_tree_layers(root)};
  refuse_unread(root);
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

KerasModel load_keras(const std::filesystem::path& path) {
  const std::string start = InputFile(path).read_start(kHdfSignature.size());
  const bool is_zip = start.starts_with(kZipSignature);
  if (!is_zip && start != kHdfSignature) {
    throw ValueError(path.string(), "a file that is neither zip nor HDF5",
                     "a .keras, .weights.h5 or .h5 file of Keras");
  }
  KerasModel model = is_zip ? load_archive(path) : load_hdf(path);
  for (KerasLayer& layer : model.layers) settle_weights(layer);
  return model;
}

}  // namespace rondo
