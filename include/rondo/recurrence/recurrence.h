/// What a recurrence over time is, independent of any API and any machine.
///
///     for s in 0 .. T-1, for each row b:   t = read time of (s, b)
///         live:  output, states = cell(x[t, b], states)
///         dead:  states are kept, output is what TimeRules::dead says
///         y[write time of (s, b), b] = output
///
/// T time steps, B batch rows, I input features, H units: all headers use these letters.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rondo/recurrence/time_rules.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"

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

/// Weights in Keras's layout, G = gate_count: kernel (I, G H), recurrent_kernel (H, G H), bias (G H), or (2, G H) where
/// bias_rows is 2 (row 0 is added to x W, row 1 to h U). `bias` is absent when `use_bias` is false. With a projection
/// recurrent_kernel is (P, G H).
struct RecurrentWeights {
  Tensor kernel;
  Tensor recurrent_kernel;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;   ///< (3, H), rows w_i w_f w_o; iff `use_peepholes`
  std::optional<Tensor> projection = std::nullopt;  ///< (H, P); iff `projection_units`

  /// Applies `function` to each weight that is present.
  RecurrentWeights map(const std::function<Tensor(const Tensor&)>& function) const;
  /// Returns these weights on `device`; weights that are on `device` already are not copied.
  RecurrentWeights to(Device device) const;
};

/// Throws `ValueError` naming the weight whose shape or dtype does not fit `cell`, the shape and dtype given, and those
/// expected; also throws as check_cell.
void check_weights(const CellSpec& cell, const RecurrentWeights& weights);

/// A whole recurrence: all that an executor must know before a run.
struct RecurrenceSpec {
  CellSpec cell = {};
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t I = 0;
  DType dtype = DType::f32;              ///< the dtype of x, weights, states and outputs
  MatrixMath math = MatrixMath::strict;  ///< how products of f32 are computed
  Device device = {};
  TimeRules rules = {};
  bool has_mask = false;     ///< each run takes a boolean mask with an element for each time step and row
  bool has_lengths = false;  ///< each run takes a length for each row; a row is live where mask and length both say so

  bool operator==(const RecurrenceSpec&) const = default;
};

/// One line: "lstm (peepholes, projection P=8) H=32 I=3 T=100 B=8 f32, reversed, mask, ... on cpu".
std::string to_string(const RecurrenceSpec& spec);

}  // namespace rondo
