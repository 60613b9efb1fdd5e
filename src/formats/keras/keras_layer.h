/// The check of a layer's weights against its configuration.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "rondo/formats/keras_layer.h"

namespace rondo {

/// How many weights a layer has; absent where its configuration does not say.
std::optional<std::size_t> weight_count(const KerasLayer& layer);

/// Gives the layers inside a wrapper or a model their part of `layer.weights`, which is in Keras's order.
void share_weights(KerasLayer& layer);

/// Checks number, shapes and dtypes of the weights of a layer, and of all layers inside it, against the configuration,
/// if there is one, and keeps what is wrong in KerasLayer::problem.
void settle_weights(KerasLayer& layer);

/// The weights of each cell of `layer.recurrent`, in Keras's layout. Throws `ValueError` naming file and layer for
/// weights that do not fit.
std::vector<RecurrentWeights> cell_weights(const KerasLayer& layer);

/// The cell of `layer.conv_lstm`. Throws as cell_weights.
std::shared_ptr<Cell> conv_lstm_cell(const KerasLayer& layer);

}  // namespace rondo
