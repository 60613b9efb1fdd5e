/// A Keras file's content as layers, whoever reads HDF5 and zip.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/containers/array_group.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// The members of a `.keras` archive.
struct KerasArchive {
  std::string file;
  std::string configuration;  ///< config.json
  std::string metadata;       ///< metadata.json
};

/// The JSON of a model whose weights are in another file.
struct KerasText {
  std::string file;
  std::string text;
};

/// The layers of a `.keras` archive with the weights of `root`, its `model.weights.h5`. Throws as load_keras.
KerasModel read_keras_archive(const KerasArchive& archive, const ArrayGroup& root, const KerasRegistry& registry = {});

/// The layers of an HDF5 file: a legacy `.h5`, or a `.weights.h5`. Throws as load_keras.
KerasModel read_keras_tree(const ArrayGroup& root, const KerasRegistry& registry = {});

/// The layers of `architecture`, the JSON of `model.to_json()`, with the weights of an HDF5 file. Throws as load_keras.
KerasModel read_keras_files(const KerasText& architecture, const ArrayGroup& root, const KerasRegistry& registry = {});

/// One layer from its configuration, as `{"class_name": ..., "config": ...}`, and its weights in the order of Keras's
/// get_weights(). Throws as load_keras.
KerasLayer read_keras_layer(std::string_view configuration, const std::string& keras_version, const std::string& file,
                            std::vector<Tensor> weights, const KerasRegistry& registry = {});

}  // namespace rondo
