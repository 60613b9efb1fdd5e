/// Writes networks of recurrent layers as models of Keras 3.
#pragma once

#include <filesystem>

#include "rondo/formats/loaded_network.h"

namespace rondo {

/// Writes a `.keras` archive that Keras 3 and load_keras read: a Sequential model of an input (B, T, I) and one
/// SimpleRNN, LSTM or GRU for each layer, within a Bidirectional for both directions. All layers return sequences.
/// Weights of f16 and bf16 are written as float32.
///
/// Throws `ValueError` naming the layer for what Keras does not have: a projection, peepholes, clips, an order of time
/// of ONNX's `reverse` alone, an activation without a name in Keras 3; and naming a file that cannot be written.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// save_keras("stack.keras", network);
/// @endcode
void save_keras(const std::filesystem::path& path, const LoadedNetwork& network);

}  // namespace rondo
