/// The recurrent functions of TensorFlow 1: `tf.compat.v1.nn`. Floor 6.
///
/// Source of each behaviour: https://www.tensorflow.org/api_docs/python/tf/compat/v1/nn/dynamic_rnn and the pages of
/// bidirectional_dynamic_rnn and raw_rnn beside it (TensorFlow 2.15); docs/semantics.md has what they leave open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rondo/plan/plan.h"
#include "rondo/tf1/v1_cells.h"

namespace rondo::v1 {

/// Arguments of dynamic_rnn besides the cell and the inputs, with TensorFlow 1's names and defaults.
struct DynamicRnnOptions {
  /// (B,) of i32 or i64, on the host or the inputs' device. Row b is live while t < sequence_length[b]: beyond, it
  /// emits zeros and keeps its state. A number above T counts as T, one below 0 as 0 (docs/semantics.md, "Lengths
  /// out of range"); device memory is not read by the host.
  std::optional<Tensor> sequence_length = std::nullopt;
  /// In the structure of the cell's `state_size`, each leaf (B, ...). A leaf of rank 0 has no rows: every step updates
  /// it. Absent: the cell's own initial state, of `dtype`.
  std::optional<Nest> initial_state = std::nullopt;
  /// Of the outputs, and of the initial state where none is given. Absent: the dtype that all leaves of `initial_state`
  /// share.
  std::optional<DType> dtype = std::nullopt;
  /// How many time steps of work that does not depend on the state are done at once; 0 stands for 32. A cell that Rondo
  /// knows computes the products of its inputs this number of steps ahead. Memory for the products grows with the
  /// number, and time falls, because products and runs of the executor are fewer and larger: T or more is fastest. A
  /// cell of the caller's own is called step by step, and the number has no effect. Never changes a value beyond the
  /// rounding of the dtype, in which states go from chunk to chunk.
  std::int64_t parallel_iterations = 32;
  /// Accepted, and does nothing: it moves what a backward pass needs to the host, and Rondo has no backward pass.
  bool swap_memory = false;
  /// Inputs and outputs have (T, B, ...) instead of (B, T, ...).
  bool time_major = false;
  /// The prefix of TensorFlow's variables. Cells have their weights already, so that it does nothing.
  std::string scope = "rnn";
  /// Which executor runs known cells, for comparing one with another; by default the plan's own choice.
  PlanOptions plan = {};
};

/// Results of dynamic_rnn.
struct DynamicRnnResult {
  Nest outputs;  ///< in the structure of the cell's `output_size`, each (B, T, ...), time-major (T, B, ...)
  Nest state;    ///< in the structure of the cell's `state_size`
};

/// Runs `cell` over `inputs`, a tensor or a nest whose leaves share T and B. Cells of this header's, KnownCells, and
/// stacks of them run over whole sequences; any other cell is called exactly T times, never with T = 0. Nothing is kept
/// between calls, so a cell that makes its weights in `build` is built by the caller, once.
///
/// Throws `TypeError` for a null cell, and `ValueError`: for inputs without a tensor, of rank below 3, or that disagree
/// on T or B; with neither `dtype` nor `initial_state`; for an initial state of another structure or shape, or of
/// several dtypes where `dtype` is absent; for lengths of another shape or dtype; for parallel_iterations below 0; for
/// inputs, state or `dtype` that do not fit the weights of a known cell; and for a cell whose output or new state is
/// not as its sizes and `dtype` say.
DynamicRnnResult dynamic_rnn(const std::shared_ptr<Cell>& cell, const Nest& inputs,
                             const DynamicRnnOptions& options = {});

/// Arguments of bidirectional_dynamic_rnn besides the cells and the inputs.
struct BidirectionalRnnOptions {
  /// As for dynamic_rnn, but a length outside 0 .. T is a `ValueError`, for it cannot be reversed: on a CUDA device the
  /// host reads them.
  std::optional<Tensor> sequence_length = std::nullopt;
  std::optional<Nest> initial_state_fw = std::nullopt;
  std::optional<Nest> initial_state_bw = std::nullopt;
  std::optional<DType> dtype = std::nullopt;
  std::int64_t parallel_iterations = 32;
  bool swap_memory = false;
  bool time_major = false;
  std::string scope = "bidirectional_rnn";
  PlanOptions plan = {};
};

/// One thing for each direction.
struct Directions {
  Nest fw;
  Nest bw;
};

/// Results of bidirectional_dynamic_rnn.
struct BidirectionalRnnResult {
  Directions outputs;  ///< unmerged, both in the order of the inputs
  Directions output_states;
};

/// dynamic_rnn of `cell_fw`, and of `cell_bw` over each row reversed within its length, with its outputs reversed back.
/// Options that are not described mean what they mean there. Throws as dynamic_rnn, naming `cell_fw`, `cell_bw`,
/// `initial_state_fw` and `initial_state_bw`.
BidirectionalRnnResult bidirectional_dynamic_rnn(const std::shared_ptr<Cell>& cell_fw,
                                                 const std::shared_ptr<Cell>& cell_bw, const Nest& inputs,
                                                 const BidirectionalRnnOptions& options = {});

/// What raw_rnn tells its loop function. All but `time` are absent at time 0; `loop_state` also where no call has
/// returned one.
struct LoopFunctionArguments {
  std::int64_t time = 0;                           ///< how often the cell has been called
  std::optional<Nest> cell_output = std::nullopt;  ///< of the call before
  std::optional<Nest> cell_state = std::nullopt;   ///< that the call before returned, for finished rows too
  std::optional<Nest> loop_state = std::nullopt;
};

/// What a loop function decides.
struct LoopFunctionResult {
  Tensor elements_finished = {};  ///< (B,) booleans: rows that are done. Once true, a row stays finished.
  Nest next_input = {};           ///< leaves (B, ...), of the same structure and shapes at every time
  /// At time 0 the initial state; then usually the state that came.
  Nest next_cell_state = {};
  /// At time 0 tensors *without* a batch axis, whose structure, shapes and dtypes tell what will be emitted; absent: as
  /// the cell's output_size says, of the dtype of the state's first leaf. At all other times what to emit, (B, ...).
  std::optional<Nest> emit_output = std::nullopt;
  /// Anything. Absent: the previous one stays.
  std::optional<Nest> next_loop_state = std::nullopt;
};

/// raw_rnn calls this function of the caller's once before each step of the cell, and once after the last step.
using LoopFunction = std::function<LoopFunctionResult(const LoopFunctionArguments&)>;

/// Arguments of raw_rnn besides the cell and the loop function.
struct RawRnnOptions {
  std::int64_t parallel_iterations = 32;  ///< every step depends on the loop function: has no effect
  bool swap_memory = false;               ///< as in DynamicRnnOptions
  std::string scope = "rnn";              ///< as in DynamicRnnOptions
  PlanOptions plan = {};                  ///< as in DynamicRnnOptions
};

/// Results of raw_rnn.
struct RawRnnResult {
  Nest emit;  ///< what was emitted, each (steps, B, ...): the stacked TensorArray
  Nest state;
  std::optional<Nest> loop_state;  ///< absent where no call returned one
};

/// Calls `loop_function` at time 0; then, until all rows are finished, the cell and `loop_function` alternate. A row
/// that was finished before a step emits zeros and keeps its state, but for leaves of rank 0. The host reads
/// `elements_finished` at every step. The cell is built by the caller, as for dynamic_rnn.
///
/// Throws `TypeError` for a null cell or loop function, and `ValueError` naming what the loop function or the cell
/// returned with another structure, shape or dtype than it must have. What they throw passes through unchanged.
RawRnnResult raw_rnn(const std::shared_ptr<Cell>& cell, const LoopFunction& loop_function,
                     const RawRnnOptions& options = {});

}  // namespace rondo::v1
