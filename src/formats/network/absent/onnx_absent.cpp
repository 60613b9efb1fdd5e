#include "formats/network/file_networks.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

LoadedNetwork onnx_file_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  static_cast<void>(choice);
  throw ValueError(path.string(), "an ONNX model", "a format that this build of Rondo has: onnx is left out");
}

}  // namespace rondo
