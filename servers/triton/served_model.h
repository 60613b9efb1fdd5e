/// A model of the repository: its configuration, and what its file has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "model_config.h"
#include "rondo/formats/keras_model.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::triton {

/// One of `network` and `keras` is there.
struct ServedModel {
  ModelConfig config;
  std::filesystem::path file;
  std::optional<LoadedNetwork> network = std::nullopt;  ///< recurrent layers alone, on the host
  std::optional<KerasModel> keras = std::nullopt;       ///< a whole model, with layers of other classes
};

/// Finds and reads the file in `folder`, that of the model's version. A Keras model whose layers are all recurrent, or
/// of which `parts` are asked, becomes a network. Throws `ValueError` naming the file or the field.
ServedModel load_served_model(const ModelConfig& config, const std::filesystem::path& folder);

}  // namespace rondo::triton
