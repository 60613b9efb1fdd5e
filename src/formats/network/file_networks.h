/// What load_network asks of the formats that RONDO_FORMATS may leave out.
#pragma once

#include <filesystem>

#include "rondo/formats/load_network.h"

namespace rondo {

/// The network of a file of Keras. In a build without the format it throws `ValueError`, as the other one does.
LoadedNetwork keras_file_network(const std::filesystem::path& path, const NetworkChoice& choice);
/// The network of an ONNX model.
LoadedNetwork onnx_file_network(const std::filesystem::path& path, const NetworkChoice& choice);

}  // namespace rondo
