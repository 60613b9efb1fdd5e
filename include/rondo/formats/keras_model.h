/// Weights and layers from files that Keras 2 and Keras 3 write.
///
/// Source: `saving_lib.py` and `legacy_h5_format.py` of Keras 3, `saving_lib.py` and `hdf5_format.py` of Keras 2.15.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/keras/layers.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The configuration of a SimpleRNN, LSTM, GRU or RNN layer.
struct KerasRecurrentConfiguration {
  std::vector<CellSpec> cells;               ///< one cell, or all cells of a stack from the input up
  std::vector<DropoutOptions> dropout = {};  ///< one for each cell; has a seed only if the file has one
  bool stacked = false;                      ///< the layer was made from a list of cells, even of one cell
  RNNOptions options = {};
};

/// The configuration of a Dense layer. `activation` is Keras's name, "linear" for none.
struct KerasDenseConfiguration {
  std::int64_t units = 0;
  std::string activation = "linear";
  bool use_bias = true;
};

/// One layer of a model, as far as its file describes it.
struct KerasLayer {
  std::string name;
  std::string class_name = {};  ///< "LSTM", ...; empty if the file has weights alone
  std::string file = {};        ///< the layer's file, for messages
  std::string path = {};        ///< where its weights are in the file: "layers/lstm", "model_weights/encoder"
  /// The layer's entry in the model's configuration, JSON as Keras wrote it: class_name, config, inbound_nodes. Empty
  /// if the file has weights alone.
  std::string configuration = {};

  /// The configuration of a SimpleRNN, LSTM, GRU, or RNN of their cells.
  std::optional<KerasRecurrentConfiguration> recurrent = std::nullopt;
  /// The configuration of a Dense.
  std::optional<KerasDenseConfiguration> dense = std::nullopt;
  /// The forward and the backward layer of a Bidirectional, each with its half of the weights, and with the options
  /// that a Bidirectional forces on its layers (`go_backwards` of the second, `zero_output_for_mask`).
  std::vector<KerasLayer> wrapped = {};
  std::string merge_mode = {};  ///< of a Bidirectional: "concat", "sum", "mul", "ave" or "none"

  /// The weights in Keras's order: kernel, recurrent_kernel, bias if there is one. A stack has them cell after cell, a
  /// Bidirectional forward before backward, a Dense has kernel and bias. A class that Rondo does not know has all that
  /// its part of the file lists, by name and number if the file has no order. Always on the host, in the file's dtype.
  std::vector<Tensor> weights = {};
  /// The path of each weight in the file, or in the `model.weights.h5` of a `.keras`: "layers/lstm/cell/vars/0".
  std::vector<std::string> weight_paths = {};
};

/// Holds the layers of a file that Keras wrote.
struct KerasModel {
  std::string file;
  std::string keras_version;       ///< such as "2.15.0"; empty if the file does not have it
  std::string configuration = {};  ///< of the whole model, JSON as Keras wrote it; empty if the file has weights alone
  /// All layers but the inputs, in model order. A file of weights alone gives the layers that have weights, in model
  /// order if the file has that order (`layer_names`), else by name and number, with the names that the file has. Keras
  /// 2 names layers by class, "lstm", "lstm_1", ..., whatever their names in the model. A layer outside the list of
  /// layers, such as an attribute of a subclassed model, is named by its attribute. Layers that would have one name are
  /// named by their paths instead. The weights of the model itself are a layer without class.
  std::vector<KerasLayer> layers;

  /// The layer of this name, or of this path. Throws `ValueError` listing the known names.
  const KerasLayer& layer(const std::string& name) const;
};

/// Reads a `.keras` archive, a `.weights.h5`, or a legacy `.h5` (a whole model or weights alone). The content of the
/// file decides which kind it is.
///
/// If the file has a configuration, weights of recurrent and Dense layers are checked against the configuration. Throws
/// `ValueError` naming the file, the layer, the argument, what was given and what was expected: for a file that cannot
/// be read, is of none of these kinds, is broken or refers to other files; a configuration that is no Sequential or
/// Functional model, or has what Rondo does not know (an activation, a cell class, `units` that are no number); missing
/// or surplus weights, or weights of the wrong shape or dtype. A class of layer that Rondo does not know, or a model
/// inside the model, is no error until make_layer is called.
///
/// Every dataset of the file is read, except the state of training and of random generators: the groups `optimizer`,
/// `optimizer_weights` and `metrics`, and whole numbers in `seed_generator` or `_random_generator`. Throws `ValueError`
/// naming all other datasets that belong to no layer.
///
/// A missing key has the default of the Keras that wrote the file. A GRU of Keras 2 without the key `reset_after` is
/// older than that option, which is then false; LSTM and GRU from before Keras 2.3 have hard_sigmoid as
/// `recurrent_activation`. A file of weights alone has no options, and only a legacy one has the version: the caller
/// must know them to make a layer.
///
/// Calls from several threads run one after another, because the HDF5 library is not thread-safe; a program that uses
/// HDF5 itself must not do so during a call.
///
/// @code
/// KerasModel model = load_keras("forecast.keras");
/// std::unique_ptr<RNN> lstm = make_layer(model.layer("lstm"));
/// const std::vector<Tensor>& head = model.layer("head").weights;  // of a Dense: kernel, bias
/// Tensor h = (*lstm)(Tensor::full({1, 10, 3}, 0.1, DType::f32)).output;
/// Tensor y = add(dot(h, head[0]), head[1]);
/// @endcode
KerasModel load_keras(const std::filesystem::path& path);

/// Builds a SimpleRNN, LSTM, GRU or RNN with the options of `layer`; the result shares the tensors of its weights.
/// Dropout acts in calls with `training`. Layers of a file without seeds all have one seed, but the backward layer of a
/// Bidirectional has the next. Throws `ValueError` for any other class, for a layer without configuration, and as
/// check_weights.
std::unique_ptr<RNN> make_layer(const KerasLayer& layer);

/// Recurrent layers of a model as layers on top of each other, from the input up: those of make_layer, and
/// Bidirectional of single cells with merge_mode concat. `last_output` of the top layer is what it returns without
/// return_sequences. Throws `ValueError` naming the layer for no layers, another class or merge_mode, and a layer below
/// another one that returns no sequences; and as make_layer.
[[nodiscard]] LoadedNetwork keras_network(std::span<const KerasLayer> layers);

/// The weights of a layer of one cell, for a layer whose options the caller knows:
/// `LSTM lstm({.units = 32}, recurrent_weights(model.layer("lstm")))`. Throws `ValueError` unless the layer has two or
/// three weights. The overload takes a part of a longer list: `recurrent_weights(std::span(weights).first(3))`.
RecurrentWeights recurrent_weights(const KerasLayer& layer);
/// Takes two or three tensors in Keras's order: kernel, recurrent_kernel, bias. Throws `ValueError` for another number.
RecurrentWeights recurrent_weights(std::span<const Tensor> weights);

}  // namespace rondo
