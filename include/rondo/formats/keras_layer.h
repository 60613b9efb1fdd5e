/// One layer of a model that Keras wrote, and the recurrent layers that Rondo makes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/keras/conv_lstm.h"
#include "rondo/keras/layers.h"
#include "rondo/keras/recurrent_layer.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The configuration of a SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU or RNN layer.
struct KerasRecurrentConfiguration {
  std::vector<CellSpec> cells;               ///< one cell, or all cells of a stack from the input up
  std::vector<DropoutOptions> dropout = {};  ///< one for each cell; has a seed only if the file has one
  bool stacked = false;                      ///< the layer was made from a list of cells, even of one cell
  RNNOptions options = {};
  std::vector<std::string> cell_classes = {};  ///< of an RNN: the class of each cell, as the file has it: "LSTMCell"
};

/// The configuration of a ConvLSTM1D, ConvLSTM2D or ConvLSTM3D layer.
struct KerasConvLSTMConfiguration {
  ConvLSTMCellOptions cell;
  int spatial_rank = 2;
  double dropout = 0;  ///< Rondo's cell has no dropout: a call of such a layer with `training` throws `ValueError`
  double recurrent_dropout = 0;
  RNNOptions options = {};
};

/// The configuration of a Dense layer.
struct KerasDenseConfiguration {
  std::int64_t units = 0;
  /// Keras's name, "linear" for none. Of an activation that is an object, the name of its class or function:
  /// "LeakyReLU", "mine>my_tanh"; KerasLayer::configuration has its numbers.
  std::string activation = "linear";
  bool use_bias = true;
};

struct KerasLayer;

/// Makes the cell of an RNN from the layer's configuration and weights.
using KerasCellFactory = std::function<std::shared_ptr<Cell>(const KerasLayer& layer)>;

/// The cell of an RNN whose class is not Keras's own.
struct KerasOwnCell {
  std::string class_name;     ///< "mine>Cell"
  std::string configuration;  ///< the cell's entry, JSON as Keras wrote it: class_name, config
  KerasCellFactory make;      ///< of the KerasRegistry that the file was read with
};

/// One layer of a model, as far as its file describes it.
struct KerasLayer {
  std::string name;
  std::string class_name = {};  ///< "LSTM", "mine>MyLSTM", ...; empty if the file has weights alone
  std::string file = {};        ///< the layer's file, for messages
  std::string path = {};        ///< where its weights are in the file: "layers/lstm", "model_weights/encoder"
  /// The layer's entry in the model's configuration, JSON as Keras wrote it: class_name, config, inbound_nodes. Empty
  /// if the file has weights alone.
  std::string configuration = {};
  /// Why Rondo cannot make the layer: what its configuration has that Rondo does not know, which weights are missing or
  /// do not fit. Empty where nothing is wrong; the class alone may then be one that Rondo does not know.
  std::string problem = {};

  /// The configuration of a SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU, or RNN of their cells; of an RNN of another
  /// cell, without `cells`. Of a class that the KerasRegistry gives for one of these, too.
  std::optional<KerasRecurrentConfiguration> recurrent = std::nullopt;
  /// The cell of an RNN, if the KerasRegistry has a factory for it.
  std::optional<KerasOwnCell> own_cell = std::nullopt;
  /// The configuration of a ConvLSTM1D, ConvLSTM2D or ConvLSTM3D.
  std::optional<KerasConvLSTMConfiguration> conv_lstm = std::nullopt;
  /// The configuration of a Dense.
  std::optional<KerasDenseConfiguration> dense = std::nullopt;
  /// The forward and the backward layer of a Bidirectional, each with its half of the weights, and with the options
  /// that a Bidirectional forces on its layers (`go_backwards` of the second, `zero_output_for_mask`). The one layer of
  /// a TimeDistributed, which has any class.
  std::vector<KerasLayer> wrapped = {};
  std::string merge_mode = {};  ///< of a Bidirectional: "concat", "sum", "mul", "ave" or "none"
  /// All layers but the inputs of a Sequential or Functional model inside the model, in its order, each with its
  /// weights.
  std::vector<KerasLayer> layers = {};

  /// The weights in Keras's order: kernel, recurrent_kernel, bias if there is one. A stack has them cell after cell, a
  /// Bidirectional forward before backward, a model layer after layer, a Dense has kernel and bias. A class that Rondo
  /// does not know has all that its part of the file lists, by name and number if the file has no order. Always on the
  /// host, in the file's dtype, and in the file's layout: make_layer and recurrent_weights convert that of CuDNNLSTM
  /// and CuDNNGRU. Whole numbers that Rondo has no dtype for are i32, or i64 where 32 bits are too few.
  std::vector<Tensor> weights = {};
  /// The path of each weight in the file, or in the `model.weights.h5` of a `.keras`: "layers/lstm/cell/vars/0".
  std::vector<std::string> weight_paths = {};
};

/// A text of a layer and the layers in it, one a line: name, class, options, shapes of weights, and what is wrong.
std::string describe(const KerasLayer& layer);

/// Builds a SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D or RNN with the options of
/// `layer`; the result shares the tensors of its weights, except that those of CuDNNLSTM and CuDNNGRU are converted.
/// Dropout acts in calls with `training`. Layers of a file without seeds all have one seed, but the backward layer of a
/// Bidirectional has the next. Throws `ValueError` for any other class, for a layer without configuration, with
/// KerasLayer::problem if there is one, and as check_weights.
std::unique_ptr<RNN> make_layer(const KerasLayer& layer);

/// Builds a Bidirectional of the layers of make_layer, with its merge_mode. Throws `ValueError` for any other class,
/// and as make_layer for either layer.
Bidirectional make_bidirectional(const KerasLayer& layer);

/// Builds a recurrent layer of any class: those of make_layer, a Bidirectional, or a TimeDistributed of these. Throws
/// `ValueError` as make_layer.
///
/// @code
/// // KerasModel model = load_keras("documents.keras");
/// // RecurrentLayer sentences = make_recurrent(model.layer("sentences"));  // TimeDistributed(Bidirectional(LSTM))
/// // Tensor y = sentences(x, {.mask = mask}).output;
/// @endcode
RecurrentLayer make_recurrent(const KerasLayer& layer);

/// Whether make_recurrent has the layer's class and its configuration; its weights may still be wrong.
bool is_recurrent(const KerasLayer& layer);

/// The weights of a layer of one cell, for a layer whose options the caller knows:
/// `LSTM lstm({.units = 32}, recurrent_weights(model.layer("lstm")))`. The layout of CuDNNLSTM and CuDNNGRU, whose bias
/// is a vector of 8 H or 6 H, becomes that of an LSTM and of a GRU with reset_after. Throws `ValueError` unless the
/// layer has two or three weights. The overload takes a part of a longer list:
/// `recurrent_weights(std::span(weights).first(3))`.
RecurrentWeights recurrent_weights(const KerasLayer& layer);
/// Takes two or three tensors in Keras's order: kernel, recurrent_kernel, bias. Throws `ValueError` for another number.
RecurrentWeights recurrent_weights(std::span<const Tensor> weights);

}  // namespace rondo
