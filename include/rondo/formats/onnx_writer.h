/// Writes networks of recurrent layers as ONNX models.
#pragma once

#include <filesystem>

#include "rondo/formats/loaded_network.h"

namespace rondo {

/// Writes a model with one RNN, GRU or LSTM node for each layer, of opset 14 and of ONNX's file format 8. Its input
/// `x` is (T, B, I) with any T and B; its outputs are `output` (T, B, units of the last layer, both directions side by
/// side), and `layer_0_h` (D, B, H), for an LSTM also `layer_0_c`, and so on for every layer.
///
/// Throws `ValueError` naming the layer for what the operators do not have: `go_backwards` of Keras, whose outputs
/// stand in the order of their computation, a projection, clips of c, another cell, an activation that ONNX has not,
/// bf16; and naming a file that cannot be written.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// save_onnx("stack.onnx", network);
/// @endcode
void save_onnx(const std::filesystem::path& path, const LoadedNetwork& network);

}  // namespace rondo
