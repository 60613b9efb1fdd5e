#include "served_model.h"

#include <algorithm>

#include "rondo/formats/file_kind.h"
#include "rondo/formats/load_network.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

namespace fs = std::filesystem;

fs::path model_file(const ModelConfig& config, const fs::path& folder) {
  if (!config.file.empty()) {
    const fs::path file = folder / config.file;
    if (!fs::is_regular_file(file))
      throw ValueError("default_model_filename", "'" + config.file + "'", "a file in " + folder.string());
    return file;
  }
  std::vector<fs::path> files;
  if (fs::is_directory(folder)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  if (files.size() == 1) return files.front();
  throw ValueError(folder.string(), std::to_string(files.size()) + " files",
                   "one file of a model, or the name of one as default_model_filename");
}

/// A name in the folder of the version: never a path to elsewhere.
fs::path weights_file(const ModelConfig& config, const fs::path& folder) {
  const std::string& name = config.parameters.weights;
  if (name.empty()) return {};
  if (fs::path(name).filename() != fs::path(name))
    throw ValueError("parameters 'weights'", "'" + name + "'", "the name of a file beside the model's");
  return folder / name;
}

bool is_keras(FileKind kind) {
  return kind == FileKind::keras_archive || kind == FileKind::hdf5 || kind == FileKind::keras_architecture;
}

bool all_recurrent(const KerasModel& model) {
  return std::all_of(model.layers.begin(), model.layers.end(), [](const KerasLayer& layer) {
    return layer.recurrent.has_value() || layer.class_name == "Bidirectional";
  });
}

/// Whole models have no use for what only networks read.
void check_whole(const Parameters& parameters) {
  const std::string reason = "none: a model with layers of other classes has no such choice";
  if (!parameters.executor.empty()) throw ValueError("parameters 'executor'", "'" + parameters.executor + "'", reason);
  if (parameters.activation != Activation::tanh)
    throw ValueError("parameters 'activation'", to_string(parameters.activation), reason);
}

}  // namespace

ServedModel load_served_model(const ModelConfig& config, const fs::path& folder) {
  ServedModel model{.config = config, .file = model_file(config, folder)};
  const Parameters& parameters = config.parameters;
  const fs::path weights = weights_file(config, folder);
  if (parameters.parts.empty() && is_keras(file_kind(model.file))) {
    KerasModel keras = weights.empty() ? load_keras(model.file) : load_keras(model.file, weights);
    if (!all_recurrent(keras)) {
      check_whole(parameters);
      model.keras = std::move(keras);
      return model;
    }
  }
  model.network =
      load_network(model.file, {.parts = parameters.parts, .weights = weights, .activation = parameters.activation});
  return model;
}

}  // namespace rondo::triton
