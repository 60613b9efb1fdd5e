/// The recurrent layers of a file of PyTorch, Keras or ONNX as a network, in one call.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/vocabulary/activation.h"

namespace rondo {

/// What a file does not say of its network. All members have defaults.
struct NetworkChoice {
  /// Layers of a Keras model, or nodes of an ONNX model, on top of each other from the input up; of PyTorch, the one
  /// module, "encoder.lstm". Empty: the file's only module, or all recurrent layers or nodes, if they are a stack.
  std::vector<std::string> parts = {};
  std::filesystem::path weights = {};        ///< of a Keras model whose file is JSON: the file with its weights
  Activation activation = Activation::tanh;  ///< `nonlinearity` of a torch.nn.RNN, which its file does not have
};

/// Reads a network from a file whose content decides what it is: a `.safetensors` of PyTorch or the `.index.json` of
/// several; a `.keras`, a whole model as `.h5`, or the JSON of `model.to_json()` with `weights`; an ONNX model. Weights
/// are on the host, in the file's dtype: LoadedNetwork::to moves them.
///
/// Throws `ValueError` naming the file, what came and what was expected: for a file of another kind, a format that this
/// build of Rondo is without, parts that the file does not have, layers that are no stack, options that the kind of
/// file does not have; and as pytorch_network, keras_network and onnx_network.
///
/// @code
/// LoadedNetwork network = load_network("stack.safetensors");
/// NetworkSession session = network.session({.T = 5, .B = 2});
/// Tensor y = Tensor::empty({5, 2, network.output_features()}, DType::f32);
/// session.run({.x = Tensor::full({5, 2, network.input_features()}, 0.1, DType::f32), .y = y});
/// @endcode
[[nodiscard]] LoadedNetwork load_network(const std::filesystem::path& path, const NetworkChoice& choice = {});

}  // namespace rondo
