#include "c_api/network_file.h"

#include <rondo/features.h>

#include <vector>

#include "rondo/formats/file_kind.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/error.h"
#if RONDO_HAS_KERAS
#include "rondo/formats/keras_model.h"
#endif
#if RONDO_HAS_ONNX
#include "rondo/formats/onnx_model.h"
#endif

namespace rondo::c_api {
namespace {

LoadedNetwork of_pytorch(const std::filesystem::path& path, const NetworkChoice& choice) {
  const Safetensors file = load_safetensors(path.string());
  const std::vector<std::string> prefixes = choice.parts.empty() ? pytorch_prefixes(file) : choice.parts;
  if (prefixes.size() != 1) {
    throw ValueError(path.string(), std::to_string(prefixes.size()) + " modules",
                     "one, or the prefix of one as `part`");
  }
  return pytorch_network(file, {.prefix = prefixes[0], .activation = choice.activation});
}

#if RONDO_HAS_ONNX
LoadedNetwork of_onnx(const std::filesystem::path& path, const NetworkChoice& choice) {
  const OnnxModel model = load_onnx(path.string());
  if (choice.parts.empty()) return onnx_network(model);
  std::vector<OnnxNode> nodes;
  for (const std::string& part : choice.parts) nodes.push_back(model.node(part));
  return onnx_network(nodes);
}
#endif

#if RONDO_HAS_KERAS
LoadedNetwork of_keras(const std::filesystem::path& path, const NetworkChoice& choice) {
  const KerasModel model = choice.weights.empty() ? load_keras(path) : load_keras(path, choice.weights);
  std::vector<KerasLayer> layers;
  for (const std::string& part : choice.parts) layers.push_back(model.layer(part));
  for (const KerasLayer& layer : model.layers) {
    if (choice.parts.empty() && (layer.recurrent || layer.class_name == "Bidirectional")) layers.push_back(layer);
  }
  if (layers.empty()) throw ValueError(path.string(), "a model without recurrent layers", "one with recurrent layers");
  return keras_network(layers);
}
#endif

}  // namespace

LoadedNetwork load_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::safetensors || kind == FileKind::safetensors_index) return of_pytorch(path, choice);
#if RONDO_HAS_ONNX
  if (kind == FileKind::onnx) return of_onnx(path, choice);
#endif
#if RONDO_HAS_KERAS
  if (kind == FileKind::hdf5 || kind == FileKind::keras_archive || kind == FileKind::keras_architecture)
    return of_keras(path, choice);
#endif
  throw ValueError(path.string(), described(kind), "safetensors, or what this build reads of Keras and ONNX");
}

}  // namespace rondo::c_api
