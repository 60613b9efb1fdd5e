/// The JSON configuration of a Keras model: `config.json` of a `.keras` archive, `model_config` of a legacy `.h5`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// The layers of a model's configuration.
struct KerasArchitecture {
  std::vector<KerasLayer> layers;
  std::string problem = {};  ///< KerasModel::problem; there are no layers then
};

/// The layers of a Sequential or Functional model, or the one layer the text describes, in order, without input layers
/// and without weights; or the problem of a subclassed model. Throws `ValueError` as load_keras, and for two layers of
/// one name.
KerasArchitecture parse_keras_configuration(std::string_view text, const KerasOrigin& origin);

/// The one layer that the text describes, as `{"class_name": ..., "config": ...}`. Throws as parse_keras_configuration.
KerasLayer parse_keras_layer(std::string_view text, const KerasOrigin& origin);

/// The same of a parsed text.
KerasLayer parse_keras_entry(const nlohmann::json& entry, const KerasOrigin& origin);

/// Parses the layers inside a Bidirectional into `layer`. Throws `ValueError` for options that do not fit each other.
void parse_bidirectional(const KerasFields& config, KerasLayer& layer);
/// Parses the layer inside a TimeDistributed into `layer`.
void parse_time_distributed(const KerasFields& config, KerasLayer& layer);

/// The version of Keras: 2.15 for "2.15.0" or "2.15.0-tf". Throws `ValueError` unless the text begins with a number.
KerasOrigin keras_origin(const std::string& version, const std::string& file);

}  // namespace rondo
