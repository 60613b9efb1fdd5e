/// `keras.backend.rnn`: runs any step function over time.
///
/// Source of each behaviour: https://www.tensorflow.org/api_docs/python/tf/keras/backend/rnn (TensorFlow 2.9). Where
/// TensorFlow's code differs from that page, Rondo does what the page says; docs/semantics.md lists every case.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "rondo/tensor/nest.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The states of a step function; each state may itself be nested. States have any rank. A state of rank 0 has no batch
/// axis, so masked steps update it too.
using States = std::vector<Nest>;

/// Values that are passed to every step unchanged.
using Constants = std::vector<Nest>;

/// What a step returns: an output whose leaves begin with the batch axis, and new states with exactly the structure,
/// shapes and dtypes of the states that the step was called with.
struct StepResult {
  Nest output;
  States states;
};

/// A step function. `inputs` are the leaves of the sequence at one time step: (B, ...), views that the function must
/// not write to.
using StepFunction = std::function<StepResult(const Nest& inputs, const States& states, const Constants& constants)>;

/// The CUDA graphs that calls of rnn() with `unroll` recorded, one for each combination of shapes, dtypes and options.
/// Several threads may use it. On the CPU nothing is recorded.
class StepGraphs {
 public:
  StepGraphs();
  ~StepGraphs();
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

 private:
  friend class RecordedLoops;
  struct Impl;

  std::unique_ptr<Impl> impl_;
};

/// Arguments of rnn() besides the step, the inputs and the states, with the names of `keras.backend.rnn`.
struct RnnOptions {
  /// Iterates from the last time step to the first; outputs stay in that order.
  bool go_backwards = false;
  /// (B, T) or (B, T, 1), time-major (T, B) or (T, B, 1); any dtype, all values but zero are true. A masked row keeps
  /// its states, and what the step computed for that row, NaN and infinity included, is discarded.
  std::optional<Tensor> mask = std::nullopt;
  Constants constants = {};
  /// Never changes a value. On the CPU both settings run the same loop. On a CUDA device the steps are recorded in one
  /// graph, which is then run: `step` is called while nothing is computed yet, and must not read device memory (a copy
  /// to the host throws `RuntimeError`).
  bool unroll = false;
  /// Keeps the graphs of `unroll`: a later call with the same object, shapes and options replays the graph without
  /// calling `step`. Use one object for one step function, and only while every tensor that the function uses besides
  /// its arguments keeps its address. Inputs, mask, states and constants may change. If null, no graph is kept.
  std::shared_ptr<StepGraphs> graphs = nullptr;
  /// Used when there is no mask: row b is live where the input time is below its length. It is one number for all rows,
  /// or a vector (B,) of i32 or i64. A number outside 0 .. T is a `ValueError` (docs/semantics.md, "Lengths out of
  /// range").
  std::optional<std::variant<std::int64_t, Tensor>> input_length = std::nullopt;
  /// (B, T) or (B, T, 1), time-major (T, B) or (T, B, 1), any dtype; not zero: input step t begins a new piece of the
  /// row. Before `step` is called for t, or with `go_backwards` for t - 1, the row's states become `reset_state`, and
  /// its previous output zeros. docs/semantics.md, "Resets", has more.
  std::optional<Tensor> resets = std::nullopt;
  /// As the initial states; each tensor has the shape of its state, or that shape without the batch axis. Empty: zeros.
  States reset_state = {};
  /// Inputs, mask and outputs have (T, B, ...) instead of (B, T, ...).
  bool time_major = false;
  /// A masked row's output is zeros instead of its previous output. At the first step the previous output is zeros too.
  bool zero_output_for_mask = false;
  /// false: only the last output is kept, and `outputs` is that output with a time axis of size 1.
  bool return_all_outputs = true;
};

/// Results of rnn().
struct RnnResult {
  Nest last_output;  ///< (B, ...): what the last processed step emitted
  Nest outputs;      ///< (B, T, ...), time-major (T, B, ...)
  States new_states;
};

/// Calls `step` exactly T times, unless a recorded graph is replayed. With T = 0 `step` is never called: the outputs
/// then have the shape and dtype of the first state ("the first state must be the output at the previous timestep"),
/// and are empty over time; `last_output` is zeros, and the states are the initial ones.
///
/// Throws `ValueError` for: inputs of rank below 3, or that disagree on T or B; a mask of another shape; a mask without
/// states; lengths that do not fit; states whose first axis is not B; a step that returns another number, structure,
/// shape or dtype of states, or changes those of its output. An exception thrown by `step` passes through unchanged.
///
/// @code
/// // A running mean over the steps that the mask lets in: the states are the sum and the count.
/// auto step = [](const Nest& x, const States& states, const Constants&) -> StepResult {
///   Tensor total = add(states[0], x);
///   Tensor count = add(states[1], 1.0);
///   return {div(total, count), {total, count}};
/// };
/// Tensor x = Tensor::from({1.0F, 2.0F, 9.0F, 4.0F, 6.0F, 8.0F}, {2, 3, 1});  // (B, T, I)
/// Tensor mask = Tensor::from({true, true, false, true, true, true}, {2, 3});
/// States zeros = {Tensor::zeros({2, 1}, DType::f32), Tensor::zeros({2, 1}, DType::f32)};
/// Tensor means = rnn(step, x, zeros, {.mask = mask}).last_output;  // 1.5 and 6
/// @endcode
RnnResult rnn(const StepFunction& step, const Nest& inputs, const States& initial_states,
              const RnnOptions& options = {});

}  // namespace rondo
