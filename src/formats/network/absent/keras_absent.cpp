#include "formats/network/file_networks.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

LoadedNetwork keras_file_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  static_cast<void>(choice);
  throw ValueError(path.string(), "a file of Keras", "a format that this build of Rondo has: keras is left out");
}

}  // namespace rondo
