/// The check of a layer's weights against its configuration.
#pragma once

#include "rondo/formats/keras_model.h"

namespace rondo {

/// Gives the halves of a Bidirectional their weights, and checks number, shapes and dtypes against the configuration,
/// if the layer has one. Throws `ValueError` naming file and layer.
void settle_weights(KerasLayer& layer);

}  // namespace rondo
