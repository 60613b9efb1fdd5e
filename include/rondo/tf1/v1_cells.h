/// The cells of TensorFlow 1: `tf.compat.v1.nn.rnn_cell`.
///
/// The weights are TensorFlow 1's variables, unchanged: one kernel (I + H, ...) for inputs and state, the rows of the
/// inputs first. A cell that computes what one of Keras's cells does converts its weights once, in the constructor, and
/// runs on the executors that a plan chooses from. All weights of a cell share one floating dtype and one device; every
/// constructor throws `ValueError` naming the weight or option that does not fit.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/compat/v1/nn/rnn_cell, TensorFlow 2.15.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "rondo/keras/cells.h"

namespace rondo::v1 {

/// The base of TensorFlow 1's cells: `tf.compat.v1.nn.rnn_cell.RNNCell`.
class RNNCell : public Cell {
 public:
  /// Returns zeros, each (batch_size, ...), in the structure of state_size().
  Nest zero_state(std::int64_t batch_size, DType dtype, Device device = cpu()) const;

  /// The known cell that computes what this cell does, with Keras's layout of weights and order of states; null where
  /// there is none, as for a stack.
  virtual const KnownCell* known() const { return nullptr; }
};

/// The weights of BasicRNNCell: kernel (I + H, H), bias (H).
struct BasicRNNWeights {
  Tensor kernel;
  Tensor bias;
};

/// Configures BasicRNNCell, with TensorFlow 1's names and defaults.
struct BasicRNNCellOptions {
  std::int64_t num_units = 0;  ///< H
  Activation activation = Activation::tanh;
};

/// h' = activation([x, h] kernel + bias). State and output: h.
class BasicRNNCell final : public RNNCell {
 public:
  BasicRNNCell(const BasicRNNCellOptions& options, const BasicRNNWeights& weights);

  const KnownCell* known() const override { return &known_; }
  SizeNest state_size() const override { return known_.state_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;

 private:
  KnownCell known_;
};

/// The weights of v1::GRUCell: gates_kernel (I + H, 2 H) and gates_bias (2 H) for r and u in this order;
/// candidate_kernel (I + H, H), candidate_bias (H).
struct GRUWeights {
  Tensor gates_kernel;
  Tensor gates_bias;
  Tensor candidate_kernel;
  Tensor candidate_bias;
};

/// Configures v1::GRUCell, with TensorFlow 1's names and defaults.
struct GRUCellOptions {
  std::int64_t num_units = 0;  ///< H
  Activation activation = Activation::tanh;
};

/// r, u = sigmoid([x, h] gates_kernel + gates_bias); candidate = activation([x, r h] candidate_kernel +
/// candidate_bias); h' = u h + (1 - u) candidate. State and output: h.
class GRUCell final : public RNNCell {
 public:
  GRUCell(const GRUCellOptions& options, const GRUWeights& weights);

  const KnownCell* known() const override { return &known_; }
  SizeNest state_size() const override { return known_.state_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;

 private:
  KnownCell known_;
};

/// The weights of v1::LSTMCell, for H units and P = num_proj or else H: kernel (I + P, 4 H) and bias (4 H) for i j f o
/// in this order. With peepholes the three diagonals (H); with a projection projection_kernel (H, P). Weights that the
/// options do not ask for must be absent.
struct LSTMWeights {
  Tensor kernel;
  Tensor bias;
  std::optional<Tensor> w_f_diag = std::nullopt;
  std::optional<Tensor> w_i_diag = std::nullopt;
  std::optional<Tensor> w_o_diag = std::nullopt;
  std::optional<Tensor> projection_kernel = std::nullopt;
};

/// Configures v1::LSTMCell, with TensorFlow 1's names and defaults.
struct LSTMCellOptions {
  std::int64_t num_units = 0;  ///< H
  bool use_peepholes = false;
  std::optional<double> cell_clip = std::nullopt;       ///< c stays within this of zero, in the state too
  std::optional<std::int64_t> num_proj = std::nullopt;  ///< P
  std::optional<double> proj_clip = std::nullopt;       ///< bound of the projected output; unused without num_proj
  double forget_bias = 1.0;                             ///< added to f at every step, not a part of `bias`
  /// If true, the state is an LSTMStateTuple, {c: (B, H), h: (B, P)}; if false, one tensor (B, H + P), c first.
  bool state_is_tuple = true;
  Activation activation = Activation::tanh;
};

/// i, j, f, o = [x, h] kernel + bias
/// c' = clip(sigmoid(f + forget_bias + w_f c) c + sigmoid(i + w_i c) activation(j))
/// h' = clip((sigmoid(o + w_o c') activation(c')) projection_kernel). Output: h.
///
/// Without peepholes, clips and a projection the cell is Keras's LSTM; a CellSpec has all of these variants.
class LSTMCell : public RNNCell {
 public:
  LSTMCell(const LSTMCellOptions& options, const LSTMWeights& weights);

  const LSTMCellOptions& options() const { return options_; }
  const KnownCell* known() const override { return &known_; }
  SizeNest state_size() const override;
  SizeNest output_size() const override { return Shape{output_units_}; }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;

  /// The two tensors of a state.
  struct State {
    Tensor c;
    Tensor h;
  };
  /// unpack and pack convert a state from and to the form that `state_is_tuple` selects.
  State unpack(const States& states) const;
  States pack(const State& state) const;

 private:
  LSTMCellOptions options_;
  std::int64_t output_units_;  // P
  KnownCell known_;
};

/// Configures BasicLSTMCell, with TensorFlow 1's names and defaults.
struct BasicLSTMCellOptions {
  std::int64_t num_units = 0;
  double forget_bias = 1.0;
  bool state_is_tuple = true;
  Activation activation = Activation::tanh;
};

/// An LSTMCell without peepholes, clips and projection: its only weights are kernel (I + H, 4 H) and bias (4 H).
class BasicLSTMCell final : public LSTMCell {
 public:
  BasicLSTMCell(const BasicLSTMCellOptions& options, const LSTMWeights& weights);
};

/// Configures MultiRNNCell, with TensorFlow 1's names and defaults.
struct MultiRNNCellOptions {
  /// If true, the state is a tuple of the cells' states; if false, one tensor: these states concatenated along axis 1.
  bool state_is_tuple = true;
};

/// Cells on top of each other: the output of each cell is the input of the next.
class MultiRNNCell final : public RNNCell {
 public:
  /// Throws `TypeError` for a null cell, and `ValueError` for an empty list, and without `state_is_tuple` for a cell
  /// whose own state is not one vector.
  explicit MultiRNNCell(std::vector<std::shared_ptr<Cell>> cells, const MultiRNNCellOptions& options = {});

  const std::vector<std::shared_ptr<Cell>>& cells() const { return stack_.cells(); }
  SizeNest state_size() const override;
  SizeNest output_size() const override { return stack_.output_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  bool accepts_constants() const override { return stack_.accepts_constants(); }
  States get_initial_state(const InitialStateRequest& request) const override;

  /// unpack and pack convert the form of the state that `state_is_tuple` selects to one state for each cell, and back.
  States unpack(const States& states) const;
  States pack(const States& cell_states) const;

 private:
  StackedRNNCells stack_;
  MultiRNNCellOptions options_;
};

}  // namespace rondo::v1
