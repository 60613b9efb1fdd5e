/// The JSON configuration of a Keras model: `config.json` of a `.keras` archive, `model_config` of a legacy `.h5`.
#pragma once

#include <string_view>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// The layers of a Sequential or Functional model, or the one layer the text describes, in order, without input layers
/// and without weights. Throws `ValueError` as load_keras, and for two layers of one name.
std::vector<KerasLayer> parse_keras_configuration(std::string_view text, const KerasOrigin& origin);

/// The one layer that the text describes, as `{"class_name": ..., "config": ...}`. Throws as parse_keras_configuration.
KerasLayer parse_keras_layer(std::string_view text, const KerasOrigin& origin);

/// The version of Keras: 2.15 for "2.15.0" or "2.15.0-tf". Throws `ValueError` unless the text begins with a number.
KerasOrigin keras_origin(const std::string& version, const std::string& file);

}  // namespace rondo
