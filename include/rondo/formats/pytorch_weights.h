/// Weights of PyTorch's recurrent modules in Keras's layout.
///
/// Source: the parameter tables of https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html and of GRU and RNN.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/formats/safetensors.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Names one direction of one layer of a `torch.nn.RNN`, `LSTM` or `GRU` in a file, or an `RNNCell`, `LSTMCell` or
/// `GRUCell`.
struct PytorchLayer {
  CellKind kind = CellKind::lstm;
  std::string prefix = {};  ///< the module's name in the state dictionary, with its dot: "encoder.lstm."
  int layer = 0;            ///< k of `weight_ih_l{k}`
  bool reverse = false;     ///< the backward direction of a bidirectional module: suffix `_reverse`
  /// A cell, whose names end without `_l0`. A file tells by itself; only pytorch_parameters needs to know.
  bool cell = false;
};

/// Reads weight_ih (G H, I), weight_hh (G H, H) and, if the module has biases, bias_ih and bias_hh (G H), and returns
/// Keras's kernel (I, G H), recurrent_kernel (H, G H) and bias with memory of their own:
///
///   * RNN and LSTM (gates i f g o, Keras's i f c o): transposed; the two biases are added.
///   * GRU (gates r z n): transposed, gates to z r h; bias (2, 3 H), for a cell with `reset_after`, which is PyTorch's
///     only form.
///   * LSTM with `proj_size` P: weight_hh is (4 H, P), and weight_hr (P, H) becomes projection (H, P); the cell's
///     `projection_units` is P.
///
/// The activation of an RNN module (`nonlinearity`) is not in the file.
///
/// Also reads what weight_norm, spectral_norm and pruning keep in place of a parameter, old names and parametrizations,
/// and the `_raw` parameters of AWD-LSTM; the parameter is what the module uses outside of training. Weights in 8 bits,
/// which save_pytorch writes, become f32.
///
/// Throws `ValueError` naming the file and the tensor, for a tensor that is missing, has another shape or dtype than
/// the others imply, has a parametrization that Rondo does not know, or is the projection (`weight_hr`) of another kind
/// than LSTM.
///
/// @code
/// Safetensors file = load_safetensors("forecast.safetensors");  // of a module with an LSTM named "lstm"
/// RecurrentWeights weights = pytorch_weights(file, {.kind = CellKind::lstm, .prefix = "lstm."});
/// LSTM lstm({.units = weights.recurrent_kernel.size(0)}, weights, {.return_sequences = true});
/// @endcode
RecurrentWeights pytorch_weights(const Safetensors& file, const PytorchLayer& layer);

/// One layer of a module.
struct PytorchModuleLayer {
  RecurrentWeights forward;
  std::optional<RecurrentWeights> backward = std::nullopt;  ///< bidirectional modules only
};

/// Reads all layers of a module that the file has weights for, from the input up, in both directions if the file has
/// names with `_reverse`; a cell is one layer. Throws as pytorch_weights, for a module without layers, for weights of
/// the module that are in no layer, and for a layer whose number of inputs differs from the number of outputs of the
/// layer below.
///
/// @code
/// // torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True), saved under the name "module"
/// Safetensors file = load_safetensors("stack.safetensors");
/// std::vector<PytorchModuleLayer> layers = pytorch_module(file, CellKind::lstm, "module.");
/// bool both = layers[1].backward.has_value();
/// @endcode
std::vector<PytorchModuleLayer> pytorch_module(const Safetensors& file, CellKind kind, const std::string& prefix = {});

/// The kind of a module or cell, which the shape of its weight_hh tells. Throws as pytorch_weights.
CellKind pytorch_kind(const Safetensors& file, const std::string& prefix = {});

/// The prefixes of all modules and cells of a file, in alphabetical order: "decoder.", "encoder.lstm.".
std::vector<std::string> pytorch_prefixes(const Safetensors& file);

/// The prefix of the module or cell `name`, which may lack its dot; if `name` is empty, of the file's only one, or else
/// of the one without a prefix. Throws `ValueError` listing the prefixes where there is no such module.
std::string pytorch_prefix(const Safetensors& file, const std::string& name = {});

/// Names a module in a file.
struct PytorchPlace {
  std::optional<CellKind> kind = std::nullopt;  ///< absent: pytorch_kind
  std::string prefix = {};                      ///< as in PytorchLayer
  Activation activation = Activation::tanh;     ///< of a torch.nn.RNN: its `nonlinearity`, which the file does not have
};

/// All layers and directions of a module as a network. Throws as pytorch_module.
[[nodiscard]] LoadedNetwork pytorch_network(const Safetensors& file, const PytorchPlace& place = {});

/// The reverse of pytorch_weights: tensors with the names that `layer` gives. If Keras has one bias, bias_hh is zeros.
/// Throws `ValueError` for a GRU without `reset_after` and for peepholes, which PyTorch does not have.
std::vector<NamedTensor> pytorch_parameters(const RecurrentWeights& weights, const PytorchLayer& layer);

/// The call that makes a module with the layers of `network` in Python: "torch.nn.LSTM(3, 4, num_layers=2)".
std::string pytorch_class(const LoadedNetwork& network);

/// How save_pytorch writes weights. All members have defaults.
struct PyTorchSaveOptions {
  /// Writes each weight_ih and weight_hh in 8 bits, a quarter of the size of f32: a tensor of U8 under its name, and
  /// `NAME.scale` (G H) of F32, where number[row][column] = (byte - 128) * scale[row], as `quantize` rounds it. The
  /// other weights are F32. Rondo reads such a file wherever it reads PyTorch's; PyTorch does not.
  bool int8 = false;
};

/// Writes the weights of all layers as a safetensors file of one module, whose call in Python is in the metadata as
/// `module`. Throws `ValueError` naming the layer for what PyTorch does not have: a GRU without `reset_after`, other
/// activations, peepholes, clips, layers of several kinds or sizes or that read backwards alone; and naming a file that
/// cannot be written.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// save_pytorch("renamed.safetensors", network, "encoder.");
/// save_pytorch("small.safetensors", network, "", {.int8 = true});
/// @endcode
void save_pytorch(const std::filesystem::path& path, const LoadedNetwork& network, const std::string& prefix = {},
                  const PyTorchSaveOptions& options = {});

}  // namespace rondo
