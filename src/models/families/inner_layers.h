/// The layers within a layer.
#pragma once

#include <vector>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// The layers of a nested model, with their weights.
std::vector<KerasLayer> inner_layers(const KerasLayer& layer, const KerasOrigin& origin);

/// The only layer within a wrapper such as TimeDistributed, with its weights.
KerasLayer inner_layer(const KerasLayer& wrapper, const nlohmann::json& entry, const KerasOrigin& origin);

}  // namespace rondo
