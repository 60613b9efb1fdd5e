/// Configurations of Keras's recurrent layers and cells.
#pragma once

#include <string>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_layer.h"

namespace rondo {

/// Keras's class of a layer of such a cell: "SimpleRNN", "LSTM", "GRU"; the cell's own class ends with "Cell" besides.
/// Throws `ValueError` for a cell that Keras does not have.
std::string keras_class(CellKind kind);

/// True for SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU and RNN.
bool is_keras_recurrent(const std::string& class_name);

/// Parses the options that all recurrent layers have.
RNNOptions parse_rnn_options(const KerasFields& config);

/// Parses the configuration of a layer of a recurrent class into `layer.recurrent` and `layer.own_cell`. Throws
/// `ValueError` for values that Rondo does not know.
void parse_keras_recurrent(const std::string& class_name, const KerasFields& config, KerasLayer& layer);

/// 1, 2 or 3 for ConvLSTM1D, ConvLSTM2D and ConvLSTM3D, else 0.
int conv_lstm_rank(const std::string& class_name);

/// Parses the configuration of a ConvLSTM. Throws as parse_keras_recurrent.
KerasConvLSTMConfiguration parse_keras_conv_lstm(const std::string& class_name, const KerasFields& config);

}  // namespace rondo
