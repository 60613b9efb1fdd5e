/// Recurrent layers, as `tf.keras.layers.RNN`, `SimpleRNN`, `LSTM` and `GRU`.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/RNN (TensorFlow 2.9); docs/semantics.md lists
/// where TensorFlow's code differs from that page.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "rondo/keras/cells.h"
#include "rondo/keras/layer_options.h"
#include "rondo/plan/plan.h"
#include "rondo/recurrence/time_rules.h"

namespace rondo {

struct CheckedSequence;
struct LoopOptions;
struct SequenceSizes;

/// Holds what one layer keeps beside its cell: sessions, and the mark of a call. A copy of a layer begins with its own.
class LayerKeeper {
 public:
  LayerKeeper();
  ~LayerKeeper();
  LayerKeeper(const LayerKeeper&);
  LayerKeeper& operator=(const LayerKeeper&);

 private:
  friend class RNN;
  friend class Bidirectional;
  struct Kept;

  Kept* operator->() const { return kept_.get(); }

  std::unique_ptr<Kept> kept_;
};

/// Runs a cell over time. A known cell (a KnownCell such as LSTMCell, or a stack of them) is planned and runs on the
/// executor that the plan chooses. Any other cell runs step by step as in rnn(), with the same results, and so does a
/// known cell in training whose masks of dropout differ by gate or drop states.
///
/// A layer of known cells keeps packed weights and sessions between calls: a call with the sizes, options and stream of
/// an earlier one neither plans nor packs, and allocates nothing but its results. It keeps the sessions of the eight
/// combinations that were used last. On a CUDA device, the streams of its calls must outlive the layer and its cells,
/// and no call waits for its run. Where a run has stalled (SessionStatus::stalled), it and those behind it wrote NaN,
/// and `finish` or else the next call tells: that call throws `DeviceError` before it runs, and later ones work,
/// without waits between blocks. PlanOptions::never_waits excludes stalls.
///
/// One thread at a time uses a stateful layer; a second one gets a `RuntimeError`. Many threads may use a stateless
/// layer of known cells, except in training with dropout; they share the packed weights.
///
/// @code
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 12}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 12}, 0.1, DType::f32)};
/// auto cell = std::make_shared<GRUCell>(GRUCellOptions{.units = 4, .use_bias = false}, weights);
/// RNN layer(cell, {.return_state = true});
/// LayerResult result = layer(Tensor::full({2, 5, 3}, 1.0, DType::f32));  // (B, T, I)
/// Tensor h = result.states[0];                                           // (B, H)
/// @endcode
class RNN {
 public:
  /// Throws `ValueError` for a null cell.
  explicit RNN(std::shared_ptr<Cell> cell, const RNNOptions& options = {});
  /// Stacks the cells in StackedRNNCells. Throws `ValueError` for no cells or a null cell.
  explicit RNN(std::vector<std::shared_ptr<Cell>> cells, const RNNOptions& options = {});
  virtual ~RNN() = default;

  /// Runs the layer over `inputs` (B, T, ...), time-major (T, B, ...). Throws `ValueError` as rnn(), and for: states of
  /// the wrong count, structure, shape or dtype; another batch size than a stateful layer has stored states for;
  /// constants for a cell that does not accept them; inputs whose dtype or width does not fit the weights.
  LayerResult operator()(const Nest& inputs, const CallOptions& call = {});

  /// Runs one time step, as a stream of single frames does: `x` is (B, I), and the result (B, H). `states` has the
  /// states before the step, in the form of LayerResult::states, and gets those after it: the tensors of known cells
  /// are written in place, so that a step allocates its output alone. Empty `states` stand for the cell's initial ones,
  /// and become tensors of the caller's. The stored states of a stateful layer are neither read nor written. Throws
  /// `ValueError` as a call.
  ///
  /// @code
  /// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
  ///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
  ///                             .bias = Tensor::zeros({16}, DType::f32)};
  /// LSTM lstm({.units = 4}, weights);
  /// States states;  // of this stream
  /// for (int frame = 0; frame < 10; ++frame) {
  ///   Tensor output = lstm.step(Tensor::full({1, 3}, 0.5, DType::f32), states);
  /// }
  /// @endcode
  Nest step(const Nest& x, States& states, const PlanOptions& plan = {}) const;

  /// Makes the stored states zeros. Throws `AttributeError` if the layer is not stateful, and `ValueError` while the
  /// batch size is unknown, that is before the first call.
  void reset_states();
  /// Stores copies of `states`. Throws `ValueError` when they do not fit the cell or the stored batch size.
  void reset_states(const States& states);
  /// The stored states of a stateful layer; empty before the first call.
  const States& states() const { return states_; }

  const RNNOptions& options() const { return options_; }
  Cell& cell() const { return *cell_; }

  /// The plans that a call with inputs of these sizes would use, one for each cell of a stack, bottom first, as if each
  /// cell ran alone; empty unless all cells are known. A stack runs as a network, whose cells may share a GPU.
  std::vector<Plan> plans(const PlanRequest& request) const;

  /// The cells, bottom first, if all of them are known; else empty.
  const std::vector<const KnownCell*>& known_cells() const { return known_cells_; }

  /// KnownCell::reload_weights of all cells, which must be known; else throws `ValueError`.
  void reload_weights();
  /// Waits for all calls so far of the layer, and of its cells if they are known, and returns what they found since the
  /// last `finish`. After a stall (SessionStatus::stalled), discard what the calls since then returned, reset stored
  /// states, and call again. To be called while no other thread uses the layer or its cells.
  SessionStatus finish() const;

  /// Returns a layer of this cell with other options and no stored states.
  RNN with_options(const RNNOptions& options) const { return RNN(cell_, options); }

 private:
  friend class Bidirectional;  // runs its layers with other TimeRules, on arguments that it has checked

  /// A call with checked inputs and lengths, its initial states and its masks.
  struct Call;

  LayerResult run(const CheckedSequence& sequence, CallOptions call, const TimeRules& rules);
  States initial_states(const CheckedSequence& sequence, const CallOptions& call) const;
  void check_reset_state(const CheckedSequence& sequence, const CallOptions& call) const;
  std::vector<DropoutMasks> draw_masks(const CallOptions& call, std::int64_t B) const;
  bool can_plan(const std::vector<DropoutMasks>& masks) const;
  LayerResult run_planned(const Call& call) const;
  LayerResult run_cells(const Call& call) const;
  void set_results(SessionTensors& tensors, const RecurrenceSpec& spec, const SequenceSizes& sizes, bool top) const;
  LayerResult run_network(const Call& call) const;
  LayerResult run_step_loop(const Call& call);
  LayerResult run_step_loop_with_pullback(const Call& call);
  LoopOptions loop_options(const Call& call) const;
  std::vector<RecurrenceSpec> specs(const PlanRequest& request, const TimeRules& rules) const;
  Tensor step_cell(const Tensor& frame, const States& states, const PlanRequest& request,
                   const PlanOptions& plan) const;
  Tensor step_stack(const Tensor& frame, const States& states, const PlanRequest& request,
                    const PlanOptions& plan) const;
  SessionTensors tensors_of(const Call& call) const;
  bool is_stack() const { return dynamic_cast<const StackedRNNCells*>(cell_.get()) != nullptr; }
  bool keeps_states() const { return options_.return_state || options_.stateful; }

  std::shared_ptr<Cell> cell_;
  std::vector<const KnownCell*> known_cells_;
  RNNOptions options_;
  bool built_ = false;
  LayerKeeper keeper_;
  std::shared_ptr<StepGraphs> graphs_ = std::make_shared<StepGraphs>();
  std::shared_ptr<std::atomic<std::uint64_t>> calls_in_training_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  States states_;
};

/// A simple recurrent layer; see SimpleRNNCell for the formula.
class SimpleRNN : public RNN {
 public:
  SimpleRNN(const SimpleRNNCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {})
      : RNN(std::make_shared<SimpleRNNCell>(cell, std::move(weights)), options) {}
};

/// A long short-term memory layer; see LSTMCell for the formula.
///
/// @code
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({16}, DType::f32)};
/// LSTM lstm({.units = 4}, weights, {.return_sequences = true, .stateful = true});
/// Tensor x = Tensor::full({2, 5, 3}, 1.0, DType::f32);  // (B, T, I)
/// Tensor first = lstm(x).output;                        // (B, T, H)
/// Tensor second = lstm(x).output;                       // goes on from the states of the first call
/// lstm.reset_states();
/// @endcode
class LSTM : public RNN {
 public:
  LSTM(const LSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {})
      : RNN(std::make_shared<LSTMCell>(cell, std::move(weights)), options) {}
};

/// A gated recurrent unit layer; see GRUCell for the formula.
class GRU : public RNN {
 public:
  GRU(const GRUCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {})
      : RNN(std::make_shared<GRUCell>(cell, std::move(weights)), options) {}
};

}  // namespace rondo
