/// Configurations of Keras's recurrent layers and cells.
#pragma once

#include <string>

#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// Keras's class of a layer of such a cell: "SimpleRNN", "LSTM", "GRU"; the cell's own class ends with "Cell" besides.
/// Throws `ValueError` for a cell that Keras does not have.
std::string keras_class(CellKind kind);

/// True for SimpleRNN, LSTM, GRU and RNN.
bool is_keras_recurrent(const std::string& class_name);

/// Parses the configuration of a layer of a recurrent class. Throws `ValueError` for values that Rondo does not know.
KerasRecurrentConfiguration parse_keras_recurrent(const std::string& class_name, const KerasFields& config);

}  // namespace rondo
