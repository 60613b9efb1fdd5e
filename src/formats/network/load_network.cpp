#include "rondo/formats/load_network.h"

#include "formats/network/file_networks.h"
#include "rondo/formats/file_kind.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

LoadedNetwork pytorch_file_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  if (choice.parts.size() > 1) {
    throw ValueError(path.string(), std::to_string(choice.parts.size()) + " parts", "one module of PyTorch");
  }
  const Safetensors file = load_safetensors(path);
  const std::string prefix = pytorch_prefix(file, choice.parts.empty() ? "" : choice.parts[0]);
  return pytorch_network(file, {.prefix = prefix, .activation = choice.activation});
}

bool is_json(FileKind kind) {
  return kind == FileKind::keras_architecture || kind == FileKind::keras_index || kind == FileKind::json;
}

}  // namespace

LoadedNetwork load_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  const FileKind kind = file_kind(path);
  const bool is_pytorch = kind == FileKind::safetensors || kind == FileKind::safetensors_index;
  if (!choice.weights.empty() && !is_json(kind)) {
    throw ValueError(path.string(), described(kind) + ", and other weights '" + choice.weights.string() + "'",
                     "the architecture of a Keras model in JSON, which has its weights in another file");
  }
  if (choice.activation != Activation::tanh && !is_pytorch) {
    throw ValueError(path.string(), described(kind) + ", and activation " + to_string(choice.activation),
                     "a torch.nn.RNN; other files have the activation");
  }
  if (is_pytorch) return pytorch_file_network(path, choice);
  if (kind == FileKind::onnx) return onnx_file_network(path, choice);
  const bool is_keras = kind == FileKind::keras_archive || kind == FileKind::hdf5 || kind == FileKind::zip;
  if (is_keras || (is_json(kind) && !choice.weights.empty())) return keras_file_network(path, choice);
  if (kind == FileKind::keras_architecture) {
    throw ValueError(path.string(), described(kind), "the file of its weights as well, NetworkChoice::weights");
  }
  throw ValueError(path.string(), described(kind), "a model: .safetensors, .keras, .h5, .json with weights, or .onnx");
}

}  // namespace rondo
