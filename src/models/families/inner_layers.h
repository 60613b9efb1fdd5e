/// The layers within a layer.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// The layers of a nested model, with their weights.
std::vector<KerasLayer> inner_layers(const KerasLayer& layer);

/// The only layer within a wrapper such as TimeDistributed, with its weights; `entry` is its part of the configuration.
KerasLayer inner_layer(const KerasLayer& wrapper, const nlohmann::json& entry, const KerasOrigin& origin);

/// Throws what the reader of the file found wrong with the layer.
void check_problem(const KerasLayer& layer);

}  // namespace rondo
