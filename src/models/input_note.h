/// The inputs of a model, as its configuration describes them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "formats/keras/keras_fields.h"
#include "models/layer_fields.h"
#include "models/model_graph.h"

namespace rondo {

/// The shape and dtype of an InputLayer. Throws `ValueError` for none, for sparse and ragged ones, and for sizes that
/// are no sizes.
TensorNote input_note(const LayerFields& config);

/// The input of a Sequential model without an InputLayer: from what its first layer and the model itself say of shapes.
GraphLayer implied_input(const nlohmann::json& model, const nlohmann::json& first_layer, const std::string& where,
                         const KerasOrigin& origin);

}  // namespace rondo
