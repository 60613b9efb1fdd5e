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

LoadedNetwork of_pytorch(const std::filesystem::path& path, const std::string& part) {
  const Safetensors file = load_safetensors(path.string());
  if (!part.empty()) return pytorch_network(file, {.prefix = part});
  const std::vector<std::string> prefixes = pytorch_prefixes(file);
  if (prefixes.size() != 1) {
    throw ValueError(path.string(), std::to_string(prefixes.size()) + " modules",
                     "one, or the prefix of one as `part`");
  }
  return pytorch_network(file, {.prefix = prefixes[0]});
}

#if RONDO_HAS_ONNX
LoadedNetwork of_onnx(const std::filesystem::path& path, const std::string& part) {
  const OnnxModel model = load_onnx(path.string());
  if (part.empty()) return onnx_network(model);
  const std::vector<OnnxNode> nodes = {model.node(part)};
  return onnx_network(nodes);
}
#endif

#if RONDO_HAS_KERAS
LoadedNetwork of_keras(const std::filesystem::path& path, const std::string& part) {
  const KerasModel model = load_keras(path);
  std::vector<KerasLayer> layers;
  if (!part.empty()) layers.push_back(model.layer(part));
  for (const KerasLayer& layer : model.layers) {
    if (part.empty() && (layer.recurrent || layer.class_name == "Bidirectional")) layers.push_back(layer);
  }
  if (layers.empty()) throw ValueError(path.string(), "a model without recurrent layers", "one with recurrent layers");
  return keras_network(layers);
}
#endif

}  // namespace

LoadedNetwork network_of_file(const std::filesystem::path& path, const std::string& part) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::safetensors || kind == FileKind::safetensors_index) return of_pytorch(path, part);
#if RONDO_HAS_ONNX
  if (kind == FileKind::onnx) return of_onnx(path, part);
#endif
#if RONDO_HAS_KERAS
  if (kind == FileKind::hdf5 || kind == FileKind::keras_archive) return of_keras(path, part);
#endif
  throw ValueError(path.string(), described(kind), "safetensors, or what this build reads of Keras and ONNX");
}

}  // namespace rondo::c_api
