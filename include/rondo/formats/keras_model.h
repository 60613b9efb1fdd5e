/// Weights and layers from files that Keras 2 and Keras 3 write. Floor 7.
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

#include "rondo/keras/layers.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// What the configuration of a SimpleRNN, LSTM, GRU or RNN layer says.
struct KerasRecurrentConfiguration {
  std::vector<CellSpec> cells;               ///< one, or those of the stack from the input up
  std::vector<DropoutOptions> dropout = {};  ///< of each cell; a seed only where the file has one
  bool stacked = false;                      ///< the layer was made from a list of cells, be it of one
  RNNOptions options = {};
};

/// What the configuration of a Dense layer says. `activation` is Keras's name, "linear" for none.
struct KerasDenseConfiguration {
  std::int64_t units = 0;
  std::string activation = "linear";
  bool use_bias = true;
};

/// One layer of a model, as far as its file describes it.
struct KerasLayer {
  std::string name;
  std::string class_name = {};  ///< "LSTM", ...; empty when the file has weights only
  std::string file = {};        ///< where the layer came from, for messages
  std::string path = {};        ///< of its weights in the file: "layers/lstm", "model_weights/encoder"

  /// Of a SimpleRNN, LSTM, GRU, or RNN of their cells.
  std::optional<KerasRecurrentConfiguration> recurrent = std::nullopt;
  /// Of a Dense.
  std::optional<KerasDenseConfiguration> dense = std::nullopt;
  /// Of a Bidirectional: the forward and the backward layer, with the options it forces on them (`go_backwards` of the
  /// second, `zero_output_for_mask`), each with its half of the weights.
  std::vector<KerasLayer> wrapped = {};
  std::string merge_mode = {};  ///< of a Bidirectional: "concat", "sum", "mul", "ave" or "none"

  /// In Keras's order: kernel, recurrent_kernel, bias if there is one; of a stack cell after cell; of a Bidirectional
  /// forward, then backward; of a Dense kernel, bias. Of a class that Rondo does not know: whatever its part of the
  /// file lists, by name and number where the file has no order. Always on the host, in the file's dtype.
  std::vector<Tensor> weights = {};
  /// Where each of them stands in the file, of a `.keras` in its `model.weights.h5`: "layers/lstm/cell/vars/0".
  std::vector<std::string> weight_paths = {};
};

/// Holds the layers of a file that Keras wrote.
struct KerasModel {
  std::string file;
  std::string keras_version;  ///< such as "2.15.0"; empty where the file does not say
  /// Every layer but the inputs, in model order. From a file of weights only, the layers that have weights, and in
  /// model order only if the file has one (`layer_names`), else by name and number. There a layer has the name that
  /// the file gives it: Keras 2 names them by class, "lstm", "lstm_1", ..., whatever the model called them, and those
  /// that stand beside the list of layers, as attributes of a subclassed model may, by attribute. Where that would give
  /// two layers one name, each has its path instead. Weights that a model has itself come as a layer without class.
  std::vector<KerasLayer> layers;

  /// The layer of this name, or of this path. Throws `ValueError` listing the known names.
  const KerasLayer& layer(const std::string& name) const;
};

/// Reads a `.keras` archive, a `.weights.h5`, or a legacy `.h5` (a whole model or weights only), told apart by content.
///
/// Where there is a configuration, the weights of recurrent and Dense layers are checked against it. Throws
/// `ValueError` naming the file, the layer, the argument, what came and what was expected: for a file that cannot be
/// read, is of none of these kinds, is broken or refers to other files; a configuration that is no Sequential or
/// Functional model, or asks for what Rondo does not know (an activation, a cell class, `units` that are no number);
/// missing or surplus weights, or weights of the wrong shape or dtype. A class of layer that Rondo does not know is no
/// error until it is made. A model inside the model counts as such a class.
///
/// Every dataset of the file is read, but for the state of training and of random generators: what is in groups
/// `optimizer`, `optimizer_weights`, `metrics`, and whole numbers in `seed_generator` or `_random_generator`. A file
/// with others that belong to no layer is refused, naming them.
///
/// A key that a configuration lacks has the meaning of the Keras that wrote the file: a GRU of Keras 2 without the key
/// `reset_after` is one from before there was a choice, so it is false; LSTM and GRU from before Keras 2.3 have
/// hard_sigmoid for their `recurrent_activation`. A file of weights only tells none of this, nor the version, unless it
/// is a legacy one: whoever makes a layer of them has to know.
///
/// Calls from several threads take turns, because the HDF5 library is not safe for threads; a program that uses HDF5
/// itself must not do so during a call.
///
/// @code
/// KerasModel model = load_keras("forecast.keras");
/// std::unique_ptr<RNN> lstm = make_layer(model.layer("lstm"));
/// const std::vector<Tensor>& head = model.layer("head").weights;  // of a Dense: kernel, bias
/// Tensor h = (*lstm)(Tensor::full({1, 10, 3}, 0.1, DType::f32)).output;
/// Tensor y = add(dot(h, head[0]), head[1]);
/// @endcode
KerasModel load_keras(const std::filesystem::path& path);

/// Builds the layer of a SimpleRNN, LSTM, GRU or RNN with the options and weights of `layer`, whose tensors it shares.
/// Dropout is for calls with `training`; where a file has no seeds, all its layers have the same one, but for the
/// backward layer of a Bidirectional, which has the next. Throws `ValueError` for any other class, for a layer without
/// configuration, and as check_weights.
std::unique_ptr<RNN> make_layer(const KerasLayer& layer);

/// The weights of a layer of one cell, to give to a layer whose options the caller knows:
/// `LSTM lstm({.units = 32}, recurrent_weights(model.layer("lstm")))`. Throws `ValueError` unless there are two or
/// three. A part of a longer list is taken by the other function: `recurrent_weights(std::span(weights).first(3))`.
RecurrentWeights recurrent_weights(const KerasLayer& layer);
/// Takes two or three tensors in Keras's order: kernel, recurrent_kernel, bias. Throws `ValueError` for another number.
RecurrentWeights recurrent_weights(std::span<const Tensor> weights);

}  // namespace rondo
