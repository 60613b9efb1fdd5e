#include "load_network.h"

#include "rondo/formats/file_kind.h"
#include "rondo/formats/keras_model.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

LoadedNetwork from_pytorch(const std::filesystem::path& path, const Parameters& parameters) {
  const Safetensors file = load_safetensors(path);
  PytorchPlace place{.activation = parameters.activation};
  const std::vector<std::string> known = pytorch_prefixes(file);
  if (!parameters.parts.empty()) {
    place.prefix = parameters.parts.front() + ".";
  } else if (known.size() == 1) {
    place.prefix = known.front();
  } else {
    throw ValueError(path.string(), std::to_string(known.size()) + " modules", "one, or its name as parameter 'parts'");
  }
  return pytorch_network(file, place);
}

LoadedNetwork from_onnx(const std::filesystem::path& path, const Parameters& parameters) {
  const OnnxModel model = load_onnx(path);
  if (parameters.parts.empty()) return onnx_network(model);
  std::vector<OnnxNode> nodes;
  for (const std::string& name : parameters.parts) nodes.push_back(model.node(name));
  return onnx_network(nodes);
}

}  // namespace

LoadedNetwork load_network(const std::filesystem::path& path, const Parameters& parameters) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::safetensors || kind == FileKind::safetensors_index) return from_pytorch(path, parameters);
  if (kind == FileKind::onnx) return from_onnx(path, parameters);
  const KerasModel model =
      parameters.weights.empty() ? load_keras(path) : load_keras(path, path.parent_path() / parameters.weights);
  std::vector<KerasLayer> layers;
  for (const std::string& name : parameters.parts) layers.push_back(model.layer(name));
  if (layers.empty()) layers = model.layers;
  return keras_network(layers);
}

}  // namespace rondo::triton
