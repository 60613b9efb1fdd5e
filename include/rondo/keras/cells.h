/// Cells: what one time step computes.
///
/// Source: the cell interface of https://www.tensorflow.org/api_docs/python/tf/keras/layers/RNN (TensorFlow 2.9).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/keras/rnn.h"
#include "rondo/keras/rnn_gradients.h"
#include "rondo/plan/plan.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/nest.h"

namespace rondo {

/// The dropout of a known cell in training, by the rules of Keras 2.15. Each element of the kernel's operand
/// (`dropout`) and of the recurrent kernel's operand (`recurrent_dropout`) is zero with this probability; the other
/// elements are divided by one minus the probability. One mask is for all time steps of a call; the next call has
/// another mask.
struct DropoutOptions {
  /// The rates are cut to 0 .. 1, as Keras does. A rate of 1 is a `ValueError` when a cell is called in training.
  double dropout = 0;
  double recurrent_dropout = 0;
  /// Masks of LSTM and GRU: 1 draws one for each gate, 2 one for all gates. With a recurrent_dropout it is always 1.
  int implementation = 2;
  /// Masks depend only on the seed, the number of the call and the cell's place in its stack, so all devices and
  /// executors draw the same masks; docs/semantics.md says how. Two layers should not share a seed.
  std::uint64_t seed = 0;

  bool drops() const { return dropout > 0 || recurrent_dropout > 0; }
};

/// Masks of a cell for all steps of a call, (B, I) for inputs and (B, H) for h, in the dtype of the cell's weights: one
/// for each gate, one for all gates, or none where nothing is dropped.
struct DropoutMasks {
  std::vector<Tensor> inputs = {};
  std::vector<Tensor> recurrent = {};
};

/// What a layer passes to a cell besides inputs and states.
struct CellContext {
  Constants constants = {};
  bool training = false;
  std::uint64_t dropout_call = 0;  ///< the number of the call, for masks
  int position = 0;                ///< the cell's place in its stack, from 0
  /// Masks that the layer has drawn before the first step; for a stack, those of all its cells. If empty, a known cell
  /// draws its masks at every step, and they are the same at every step.
  std::span<const DropoutMasks> dropout = {};
  /// Which executor runs a known cell's step; by default the plan's own choice.
  PlanOptions plan = {};
};

/// The batch for which a layer asks a cell for an initial state. `inputs` is the whole sequence of the layer's call; it
/// has no leaves in a call of reset_states.
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

  /// Makes weights. A layer calls it once, before the first step, with the shape (B, ...) of each leaf of a step's
  /// inputs.
  virtual void build(const SizeNest& input_shape);

  /// Computes one step. `states` has an entry for each child of `state_size`, or one entry if `state_size` is a leaf.
  virtual StepResult call(const Nest& inputs, const States& states, const CellContext& context) = 0;

  /// As `call`, with the gradients of the step, for CallOptions::gradients of a layer. StepGradients::constants has
  /// those of `context.constants`, and then those of `weight_list`. Throws `ValueError` unless a class overrides it.
  /// What the context views need not outlive the call.
  virtual StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context);

  /// The weights that `call_with_pullback` has gradients of, in the order of Keras's `get_weights()`; by default none.
  virtual std::vector<Tensor> weight_list() const { return {}; }

  /// Whether `call` reads `context.constants`. A layer throws `ValueError` for constants given to a cell that does not.
  virtual bool accepts_constants() const { return false; }

  /// The state before the first step; by default zeros.
  virtual States get_initial_state(const InitialStateRequest& request) const;
};

/// A cell whose mathematics Rondo knows, so that an executor can run a whole sequence of it. A call of the cell itself
/// runs a sequence of one step. The constructor throws as check_weights, and `ValueError` for another implementation
/// than 1 and 2.
class KnownCell : public Cell {
 public:
  KnownCell(const CellSpec& spec, RecurrentWeights weights, const DropoutOptions& dropout = {});

  const CellSpec& spec() const { return spec_; }
  /// The dropout in use, with rates cut to 0 .. 1.
  const DropoutOptions& dropout() const { return dropout_; }
  /// The masks of call `context.dropout_call` for a batch of B. Throws `ValueError` for a rate of 1.
  DropoutMasks draw_masks(std::int64_t B, const CellContext& context) const;
  const RecurrentWeights& weights() const { return weights_; }
  /// Replaces the weights, and forgets all that was packed of the former ones. Their order is Keras's: kernel,
  /// recurrent_kernel; then bias, peepholes and projection, each if the cell uses it. Throws `ValueError` for another
  /// number of weights, and as check_weights.
  void set_weights(const std::vector<Tensor>& weights);
  /// Packs the weights again, whose elements have changed in place: without this call the cell and its layers go on
  /// with the elements of before. Allocates nothing. On a CUDA device the work is queued on the thread's current
  /// stream.
  void reload_weights();
  /// Waits for all calls so far of the cell, and of layers that consist of it alone, and returns what they found since
  /// the last `finish`. After a stall (SessionStatus::stalled), discard what the calls since then returned, and call
  /// again. To be called while no other thread uses the cell.
  SessionStatus finish() const;

  SizeNest state_size() const override;
  /// Zeros. No class derived from a known cell can have another initial state: an executor runs the cell, and knows
  /// only the cell's mathematics.
  States get_initial_state(const InitialStateRequest& request) const final { return Cell::get_initial_state(request); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) override;
  std::vector<Tensor> weight_list() const override;

 private:
  friend class KeptCell;
  struct Kept;

  DropoutMasks masks_of(std::int64_t B, const CellContext& context) const;

  CellSpec spec_;
  RecurrentWeights weights_;
  DropoutOptions dropout_;
  std::shared_ptr<Kept> kept_;  ///< packed weights and sessions
};

/// Configures SimpleRNNCell, with the names and defaults of `tf.keras.layers.SimpleRNNCell`.
struct SimpleRNNCellOptions {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;
  bool use_bias = true;
  double dropout = 0;  ///< this and the following members are those of DropoutOptions
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

/// c' = f c + i g, h' = o activation(c'); gates i f g o, which Keras calls i f c o. States: h, c.
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

/// Cells on top of each other: the output of each cell is the input of the next. The states are a tuple of the cells'
/// states. Constants are passed to the cells that accept them.
class StackedRNNCells final : public Cell {
 public:
  /// Throws `ValueError` for an empty list or a null cell.
  explicit StackedRNNCells(std::vector<std::shared_ptr<Cell>> cells);

  const std::vector<std::shared_ptr<Cell>>& cells() const { return cells_; }

  SizeNest state_size() const override;
  SizeNest output_size() const override;
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) override;
  std::vector<Tensor> weight_list() const override;
  bool accepts_constants() const override;
  States get_initial_state(const InitialStateRequest& request) const override;

 private:
  void build_once(std::size_t k, const Nest& inputs);
  CellContext context_of(std::size_t k, const CellContext& context) const;

  std::vector<std::shared_ptr<Cell>> cells_;
  std::vector<bool> built_;
};

}  // namespace rondo
