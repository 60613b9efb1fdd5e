/// The recurrent functions of TensorFlow 1: `tf.compat.v1.nn`.
///
/// Source of each behaviour: https://www.tensorflow.org/api_docs/python/tf/compat/v1/nn/dynamic_rnn and the pages of
/// bidirectional_dynamic_rnn and raw_rnn beside it (TensorFlow 2.15); docs/semantics.md has what these pages leave
/// open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rondo/keras/pullback.h"
#include "rondo/plan/plan.h"
#include "rondo/tf1/v1_cells.h"

namespace rondo::v1 {

/// Arguments of dynamic_rnn besides the cell and the inputs, with TensorFlow 1's names and defaults.
struct DynamicRnnOptions {
  /// (B,) of i32 or i64, on the host or the inputs' device. Row b is live while t < sequence_length[b]; at later steps
  /// the row emits zeros and keeps its state. A length above T counts as T, and one below 0 as 0 (docs/semantics.md,
  /// "Lengths out of range"). The host does not read device memory.
  std::optional<Tensor> sequence_length = std::nullopt;
  /// A state in the structure of the cell's `state_size`, each leaf (B, ...). Every step updates a leaf of rank 0,
  /// since it has no rows. Absent: the cell's own initial state, in `dtype`.
  std::optional<Nest> initial_state = std::nullopt;
  /// The dtype of the outputs, and of the initial state if none is given. Absent: the dtype that all leaves of
  /// `initial_state` share.
  std::optional<DType> dtype = std::nullopt;
  /// How many time steps of work that does not depend on the state are done at once; 0 stands for 32. A cell that Rondo
  /// knows computes the products of its inputs this number of steps ahead. Memory for the products grows with the
  /// number, and time falls, because products and runs of the executor are fewer and larger: T or more is fastest. A
  /// cell of the caller's own is called step by step, and the number has no effect. Never changes a value beyond
  /// rounding: states between chunks have the dtype of the run.
  std::int64_t parallel_iterations = 32;
  /// Moves the tensors that gradients need to the host: with `gradients`, what the run of a known cell on a CUDA device
  /// keeps lies in page-locked memory of the host (RecurrenceSpec::swap_memory). Never changes a value beyond rounding.
  /// On the CPU, and without `gradients`, it has no effect.
  bool swap_memory = false;
  /// Inputs and outputs have (T, B, ...) instead of (B, T, ...).
  bool time_major = false;
  /// The prefix of TensorFlow's variables. It has no effect, because cells have their weights already.
  std::string scope = "rnn";
  /// Which executor runs known cells. It serves to compare executors; by default the plan chooses.
  PlanOptions plan = {};
  /// Keeps what DynamicRnnResult::pullback needs. Only for cells that run over whole sequences, which then run over all
  /// time steps at once: parallel_iterations has no effect.
  bool gradients = false;
};

/// Results of dynamic_rnn.
struct DynamicRnnResult {
  Nest outputs;  ///< the structure of the cell's `output_size`, each leaf (B, T, ...), time-major (T, B, ...)
  Nest state;    ///< the structure of the cell's `state_size`, each leaf (B, ...) or of rank 0
  /// With DynamicRnnOptions::gradients, else empty. Takes the gradient of `outputs` and a list with that of `state`.
  /// LayerGradients::initial_state has the gradient of the given initial state, and LayerGradients::weights those of
  /// TensorFlow 1's variables, as the struct of the cell's weights lists them; of a KnownCell Keras's weights.
  Pullback pullback = {};
};

/// Runs `cell` over `inputs`, a tensor or a nest whose leaves share T and B. Cells of v1_cells.h, KnownCells, and
/// stacks of them run over whole sequences; any other cell is called exactly T times, never with T = 0. Nothing is kept
/// between calls, so the caller must build a cell that makes its weights in `build`, once.
///
/// Throws `TypeError` for a null cell, and `ValueError` for: inputs without a tensor, of rank below 3, or that disagree
/// on T or B; neither `dtype` nor `initial_state`; an initial state of another structure or shape, or of several dtypes
/// where `dtype` is absent; lengths of another shape or dtype; parallel_iterations below 0; inputs, state or `dtype`
/// that do not fit the weights of a known cell; `gradients` for a cell that is called at every step; a cell whose
/// output or new state differs from its sizes and `dtype`.
DynamicRnnResult dynamic_rnn(const std::shared_ptr<Cell>& cell, const Nest& inputs,
                             const DynamicRnnOptions& options = {});

/// Arguments of bidirectional_dynamic_rnn besides the cells and the inputs.
struct BidirectionalRnnOptions {
  /// As for dynamic_rnn, but a length outside 0 .. T is a `ValueError`, because such a row cannot be reversed. The host
  /// reads the lengths of a CUDA device too.
  std::optional<Tensor> sequence_length = std::nullopt;
  std::optional<Nest> initial_state_fw = std::nullopt;
  std::optional<Nest> initial_state_bw = std::nullopt;
  std::optional<DType> dtype = std::nullopt;
  std::int64_t parallel_iterations = 32;
  bool swap_memory = false;
  bool time_major = false;
  std::string scope = "bidirectional_rnn";
  PlanOptions plan = {};
  bool gradients = false;
};

/// A nest for each direction.
struct Directions {
  Nest fw;
  Nest bw;
};

/// Results of bidirectional_dynamic_rnn.
struct BidirectionalRnnResult {
  Directions outputs;  ///< unmerged, both in the order of the inputs
  Directions output_states;
  /// With BidirectionalRnnOptions::gradients, else empty. Takes a tuple of the gradients of both outputs, and a list of
  /// those of both states, the forward ones first; LayerGradients has this order, too.
  Pullback pullback = {};
};

/// Runs dynamic_rnn with `cell_fw`, and with `cell_bw` over each row reversed within its length, and reverses the
/// outputs of `cell_bw` back. Options without a description mean the same as in DynamicRnnOptions. Throws as
/// dynamic_rnn, naming `cell_fw`, `cell_bw`, `initial_state_fw` and `initial_state_bw`.
BidirectionalRnnResult bidirectional_dynamic_rnn(const std::shared_ptr<Cell>& cell_fw,
                                                 const std::shared_ptr<Cell>& cell_bw, const Nest& inputs,
                                                 const BidirectionalRnnOptions& options = {});

/// The arguments that raw_rnn passes to its loop function. At time 0 all but `time` are absent; `loop_state` is also
/// absent until a call has returned one.
struct LoopFunctionArguments {
  std::int64_t time = 0;                           ///< how often the cell has been called
  std::optional<Nest> cell_output = std::nullopt;  ///< the output of the last call of the cell
  std::optional<Nest> cell_state = std::nullopt;   ///< the state that this call returned, for finished rows too
  std::optional<Nest> loop_state = std::nullopt;
};

/// What a loop function decides.
struct LoopFunctionResult {
  Tensor elements_finished = {};  ///< (B,) booleans: rows that are done. Once true, a row stays finished.
  Nest next_input = {};           ///< leaves (B, ...), of the same structure and shapes at every time
  /// At time 0 the initial state; later usually LoopFunctionArguments::cell_state.
  Nest next_cell_state = {};
  /// At time 0 tensors *without* a batch axis, which define the structure, shapes and dtypes of all emissions; absent:
  /// the shapes of the cell's output_size and the dtype of the state's first leaf. At later times the emission, (B,
  /// ...).
  std::optional<Nest> emit_output = std::nullopt;
  /// Any value, which raw_rnn passes to the next call. Absent: the previous value is kept.
  std::optional<Nest> next_loop_state = std::nullopt;
};

/// raw_rnn calls this function of the caller's once before each step of the cell, and once after the last step.
using LoopFunction = std::function<LoopFunctionResult(const LoopFunctionArguments&)>;

/// Arguments of raw_rnn besides the cell and the loop function.
struct RawRnnOptions {
  std::int64_t parallel_iterations = 32;  ///< no effect, because every step depends on the loop function
  bool swap_memory = false;               ///< no effect, because there are no gradients
  std::string scope = "rnn";              ///< as in DynamicRnnOptions
  PlanOptions plan = {};                  ///< as in DynamicRnnOptions
};

/// Results of raw_rnn.
struct RawRnnResult {
  Nest emit;  ///< all emissions, each leaf (steps, B, ...): the stacked TensorArray
  Nest state;
  std::optional<Nest> loop_state;  ///< absent where no call returned one
};

/// Calls `loop_function` at time 0; then, until all rows are finished, the cell and `loop_function` alternate. A row
/// that was finished before a step emits zeros and keeps its state, but for leaves of rank 0. The host reads
/// `elements_finished` at every step. The cell is built by the caller, as for dynamic_rnn.
///
/// Throws `TypeError` for a null cell or loop function, and `ValueError` naming the result of the loop function or of
/// the cell that has another structure, shape or dtype than required. Exceptions thrown by these two pass through
/// unchanged.
RawRnnResult raw_rnn(const std::shared_ptr<Cell>& cell, const LoopFunction& loop_function,
                     const RawRnnOptions& options = {});

}  // namespace rondo::v1
