/// Cells and weights from Python's arguments.
#pragma once

#include <string>

#include "arrays.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::python {

/// The kind named "simple_rnn", "lstm", "gru" or "mgu".
CellKind kind_from(const std::string& name);
/// Weights in Keras's order: kernel, recurrent_kernel; then bias, peepholes and projection, each if the cell has it.
RecurrentWeights weights_from(const CellSpec& cell, nb::handle weights);
/// The reverse: those that the cell has, in the same order.
nb::list to_python(const RecurrentWeights& weights);

}  // namespace rondo::python
