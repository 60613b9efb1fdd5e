#include "formats/network/file_networks.h"
#include "rondo/formats/onnx_model.h"

namespace rondo {

LoadedNetwork onnx_file_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  const OnnxModel model = load_onnx(path);
  if (choice.parts.empty()) return onnx_network(model);
  std::vector<OnnxNode> nodes;
  for (const std::string& name : choice.parts) nodes.push_back(model.node(name));
  return onnx_network(nodes);
}

}  // namespace rondo
