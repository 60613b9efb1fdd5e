/// The layout of the weights of Keras's CuDNNLSTM and CuDNNGRU.
#pragma once

#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Whether weights are in that layout, which their bias shows: a vector with two numbers for each column of the
/// kernels. The biases of LSTM and SimpleRNN are vectors with one, that of a GRU with `reset_after` is a matrix.
bool is_cudnn_layout(const RecurrentWeights& weights);

/// The weights of an LSTM, or of a GRU with `reset_after`, in Keras's layout. Throws `ValueError` for shapes that a
/// layer of that layout cannot have.
RecurrentWeights from_cudnn_layout(const RecurrentWeights& weights);

}  // namespace rondo
