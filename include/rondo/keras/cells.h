/// Cells: what one time step computes. Floor 6.
///
/// Source: the cell interface of https://www.tensorflow.org/api_docs/python/tf/keras/layers/RNN (TensorFlow 2.9).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/keras/rnn.h"
#include "rondo/plan/plan.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/nest.h"

namespace rondo {

/// What a known cell drops while it trains, by the rules of Keras 2.15: elements of what the kernel (`dropout`) and the
/// recurrent kernel (`recurrent_dropout`) are multiplied with are zero with this probability, the others are divided by
/// one minus it. One mask holds for all time steps of a call; the next call has another one.
struct DropoutOptions {
  /// Cut to 0 .. 1, as Keras does. A rate of 1 is a `ValueError` once a cell trains.
  double dropout = 0;
  double recurrent_dropout = 0;
  /// Masks of LSTM and GRU: 1 draws one for each gate, 2 one for all. With a recurrent_dropout it is 1.
  int implementation = 2;
  /// Masks come from it, the number of the call and the cell's place in its stack alone, so that all devices and
  /// executors draw the same ones; docs/semantics.md says how. Two layers should not share one.
  std::uint64_t seed = 0;

  bool drops() const { return dropout > 0 || recurrent_dropout > 0; }
};

/// Masks of a cell for all steps of a call, (B, I) and (B, H) in the dtype of its weights: one for each gate, one for
/// all gates, or none where nothing is dropped.
struct DropoutMasks {
  std::vector<Tensor> inputs = {};
  std::vector<Tensor> recurrent = {};
};

/// What a cell is told besides its inputs and states.
struct CellContext {
  Constants constants = {};
  bool training = false;
  std::uint64_t dropout_call = 0;  ///< the number of the call, for masks
  int position = 0;                ///< of the cell in its stack
  /// Masks that the layer has drawn before the first step, of a stack those of all its cells. Where there are none, a
  /// known cell draws them itself at every step, which gives the same ones.
  std::span<const DropoutMasks> dropout = {};
  /// Which executor runs a known cell's step; by default the plan's own choice.
  PlanOptions plan = {};
};

/// For which batch an initial state is wanted. `inputs` is the whole sequence the layer was called with.
struct InitialStateRequest {
  const Nest& inputs;
  std::int64_t batch_size;
  DType dtype;
  Device device;
};

/// A recurrent cell. A user's cell needs `state_size` and `call`; examples/minimal_cell.cpp has one in twenty lines.
class Cell {
 public:
  virtual ~Cell() = default;

  /// Shapes of the states without the batch axis: a leaf for one state, a tuple for several, which may be nested.
  virtual SizeNest state_size() const = 0;

  /// Shape of the output without the batch axis; by default that of the first state.
  virtual SizeNest output_size() const;

  /// Makes weights; called once, before the first step, with the shape (B, ...) of each leaf of a step's inputs.
  virtual void build(const SizeNest& input_shape);

  /// One step. `states` are the children of `state_size` (or the single one).
  virtual StepResult call(const Nest& inputs, const States& states, const CellContext& context) = 0;

  /// Whether `call` looks at `context.constants`; a layer refuses constants for a cell that does not.
  virtual bool accepts_constants() const { return false; }

  /// The state before the first step; by default zeros.
  virtual States get_initial_state(const InitialStateRequest& request) const;
};

/// A cell whose mathematics Rondo knows, so that a whole sequence of it can be planned and handed to an executor.
/// Called by itself, it runs a sequence of one step. Throws as check_weights, and for an implementation but 1 and 2.
class KnownCell : public Cell {
 public:
  KnownCell(const CellSpec& spec, RecurrentWeights weights, const DropoutOptions& dropout = {});

  const CellSpec& spec() const { return spec_; }
  /// Rates as they are used, between 0 and 1.
  const DropoutOptions& dropout() const { return dropout_; }
  /// The masks of call `context.dropout_call` for a batch of B. Throws `ValueError` for a rate of 1.
  DropoutMasks draw_masks(std::int64_t B, const CellContext& context) const;
  const RecurrentWeights& weights() const { return weights_; }
  /// Takes weights in Keras's order: kernel, recurrent_kernel, and bias if the cell uses one; then peepholes and
  /// projection alike.
  void set_weights(const std::vector<Tensor>& weights);

  SizeNest state_size() const override;
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;

 private:
  CellSpec spec_;
  RecurrentWeights weights_;
  DropoutOptions dropout_;
};

/// Configures SimpleRNNCell, with the names and defaults of `tf.keras.layers.SimpleRNNCell`.
struct SimpleRNNCellOptions {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;
  bool use_bias = true;
  double dropout = 0;  ///< DropoutOptions say what this and the following are
  double recurrent_dropout = 0;
  std::uint64_t seed = 0;
};

/// h' = activation(x W + b + h U). State: h.
class SimpleRNNCell final : public KnownCell {
 public:
  SimpleRNNCell(const SimpleRNNCellOptions& options, RecurrentWeights weights);
};

/// Configures LSTMCell, with the names and defaults of `tf.keras.layers.LSTMCell`.
struct LSTMCellOptions {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  double dropout = 0;
  double recurrent_dropout = 0;
  int implementation = 2;
  std::uint64_t seed = 0;
};

/// c' = f c + i g, h' = o activation(c'); gates i f g o, in Keras's words i f c o. States: h, c.
class LSTMCell final : public KnownCell {
 public:
  LSTMCell(const LSTMCellOptions& options, RecurrentWeights weights);
};

/// Configures GRUCell, with the names and defaults of `tf.keras.layers.GRUCell`.
struct GRUCellOptions {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  bool reset_after = true;
  double dropout = 0;
  double recurrent_dropout = 0;
  int implementation = 2;
  std::uint64_t seed = 0;
};

/// h' = z h + (1 - z) candidate; gates z r h. State: h.
class GRUCell final : public KnownCell {
 public:
  GRUCell(const GRUCellOptions& options, RecurrentWeights weights);
};

/// Cells on top of each other: the output of each is the input of the next, the states are a tuple of the cells'
/// states. Constants go to the cells that accept them.
class StackedRNNCells final : public Cell {
 public:
  /// Throws `ValueError` for no cells or a null one.
  explicit StackedRNNCells(std::vector<std::shared_ptr<Cell>> cells);

  const std::vector<std::shared_ptr<Cell>>& cells() const { return cells_; }

  SizeNest state_size() const override;
  SizeNest output_size() const override;
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  bool accepts_constants() const override;
  States get_initial_state(const InitialStateRequest& request) const override;

 private:
  std::vector<std::shared_ptr<Cell>> cells_;
  std::vector<bool> built_;
};

}  // namespace rondo
