/// Weights of TensorFlow 1's cells (`tf.nn.rnn_cell`, `tf.compat.v1.nn.rnn_cell`) in Keras's layout.
///
/// Source: `rnn_cell_impl.py` of TensorFlow 1.15: BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell; and
/// `cudnn_rnn_ops.py` of tf.contrib.
#pragma once

#include <string>
#include <vector>

#include "rondo/formats/numpy_file.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Names one cell among the variables of a model.
struct Tf1Cell {
  CellKind kind = CellKind::lstm;
  /// The scope of the cell with its slash: "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/".
  std::string prefix = {};
  /// LSTM only: the `forget_bias` that the cell adds to its forget gate at each step, and that no variable holds.
  double forget_bias = 1.0;
};

/// Reads the variables `kernel` and `bias`; for a GRU `gates/kernel`, `gates/bias`, `candidate/kernel` and
/// `candidate/bias`; for an LSTM also `projection/kernel` and `w_i_diag`, `w_f_diag`, `w_o_diag` if the file has them.
/// Each name may end in ":0". Returns weights in Keras's layout with memory of their own:
///
///   * kernels ((I + H), G H) are cut into kernel (I, G H) and recurrent_kernel (H, G H); with a projection the latter
///     is (P, 4 H).
///   * LSTM (gates i j f o): to i f c o; `forget_bias` is added to the f block of the bias. With `num_proj` the cell's
///     `projection_units` is P, and with `use_peepholes` its `use_peepholes` is true.
///   * GRU (gates r u, and the candidate): to z r h; for a cell without `reset_after`, which is TensorFlow 1's form.
///   * `CudnnCompatibleGRUCell` of tf.contrib.cudnn_rnn, whose variables are gates/kernel and bias, and kernel and bias
///     of `candidate/input_projection` and `candidate/hidden_projection`: for a cell with `reset_after`, bias (2, 3 H).
///     `CudnnCompatibleLSTMCell` is read as any LSTM, with a `forget_bias` of 0.
///
/// `cell_clip` and `proj_clip` are in no file: they are options of v1::LSTMCell.
/// Throws `ValueError` naming the file and a variable that is missing or has a shape or dtype that does not fit.
RecurrentWeights tf1_weights(const NumpyArchive& file, const Tf1Cell& cell);

/// The reverse of tf1_weights: variables with the names that `cell` gives; an absent bias becomes zeros, minus
/// `forget_bias`. tf1_weights of the result has equal bits wherever subtracting the forget bias did not round, as with
/// a `cell.forget_bias` of 0. Throws `ValueError` for a GRU whose bias is that of `reset_after`.
std::vector<NamedTensor> tf1_variables(const RecurrentWeights& keras, const Tf1Cell& cell);

}  // namespace rondo
