/// The cells whose mathematics Rondo knows, as data. I input features, H units, P features of a projected h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rondo/vocabulary/activation.h"

namespace rondo {

/// The cells whose mathematics Rondo knows.
enum class CellKind : std::uint8_t { simple_rnn, lstm, gru, mgu };

/// The kind's name: "simple_rnn", "lstm", "gru", "mgu".
std::string to_string(CellKind kind);
/// Blocks of H columns in the kernels: 1, 4 (i f c o), 3 (z r h) in Keras's order, 2 (f n) of an MGU.
int gate_count(CellKind kind);
/// The number of a cell's states: 2 (h and c) for an LSTM, else 1 (h).
int state_count(CellKind kind);

/// The mathematics of one step, without the weights.
struct CellSpec {
  CellKind kind = CellKind::lstm;
  std::int64_t units = 1;  ///< H
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;  ///< the gates' activation; a simple RNN has no gates
  bool use_bias = true;
  bool reset_after = true;  ///< GRU only: r * (h U + b) as in cuDNN and Keras 2, or (r * h) U as in TensorFlow 1

  // The variants of an LSTM (`tf.compat.v1.nn.rnn_cell.LSTMCell`; ONNX's P; PyTorch's and cuDNN's `proj_size`):
  //
  //     i = gate(x W_i + h U_i + b_i + w_i c),  f the same              peepholes to the c before the step
  //     c' = clip(f c + i act(x W_c + h U_c + b_c), cell_clip)          clipped before o and h' read c'
  //     o = gate(x W_o + h U_o + b_o + w_o c')                          a peephole to the new c
  //     h' = clip((o act(c')) projection, projection_clip)
  bool use_peepholes = false;
  std::optional<double> cell_clip = std::nullopt;               ///< c stays within this of zero
  std::optional<std::int64_t> projection_units = std::nullopt;  ///< P: h has P features where c has H
  std::optional<double> projection_clip = std::nullopt;         ///< for the projected h; requires a projection

  bool operator==(const CellSpec&) const = default;
};

/// Rows of the bias: 2 where h U has a bias of its own, as in a GRU with `reset_after` and an MGU; else 1.
int bias_rows(const CellSpec& cell);
/// Whether a cell has no variant: no peepholes, clips or projection.
bool is_plain(const CellSpec& cell);
/// Features of h, and so of the output: P with a projection, else H.
std::int64_t output_units(const CellSpec& cell);
/// Features of state `state`: for h output_units, for an LSTM's c always H.
std::int64_t state_units(const CellSpec& cell, int state);

/// Throws `ValueError` naming the member of `cell` that is out of range, or that its kind does not have.
void check_cell(const CellSpec& cell);

}  // namespace rondo
