/// Reads a network from a file of PyTorch, Keras or ONNX.
#pragma once

#include <filesystem>

#include "model_config.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::triton {

/// The recurrent layers of a file, or the `parts` that are asked.
LoadedNetwork load_network(const std::filesystem::path& path, const Parameters& parameters);

}  // namespace rondo::triton
