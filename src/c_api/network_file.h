/// Networks of files of any kind.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/vocabulary/activation.h"

namespace rondo::c_api {

/// What a file does not say of its network.
struct NetworkChoice {
  std::vector<std::string> parts = {};  ///< layers, nodes, or one prefix of a module; empty: all
  std::filesystem::path weights = {};   ///< of a Keras model whose file is JSON
  Activation activation = Activation::tanh;
};

/// Loads the network of a file. Throws `ValueError` naming what the file lacks, and for a file that this build does not
/// read.
LoadedNetwork load_network(const std::filesystem::path& path, const NetworkChoice& choice);

}  // namespace rondo::c_api
