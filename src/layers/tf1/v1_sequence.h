/// How dynamic_rnn and bidirectional_dynamic_rnn run a cell over a whole sequence.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "rondo/recurrence/time_rules.h"
#include "rondo/tf1/v1.h"

namespace rondo::v1 {

/// One direction of a call, with checked arguments.
struct Sequence {
  CheckedSequence checked;  ///< inputs in the caller's layout
  TimeRules rules = TimeRules::dynamic_rnn();
  Tensor lengths = {};                       ///< (B,) i32 on the inputs' device, 0 .. T; undefined: every row has T
  const Nest* given_state = nullptr;         ///< the caller's initial state; null: there is none
  Nest fresh_state = {};                     ///< the cell's, where there is none
  std::string state_name = "initial_state";  ///< the name of `state` in messages
  DType dtype = DType::f32;                  ///< the dtype of the outputs
  bool dtype_given = false;                  ///< whether the caller gave `dtype`; else it is the state's dtype
  std::int64_t chunk = 1;                    ///< time steps of one run of an executor
  PlanOptions plan = {};
  bool gradients = false;           ///< whether the result has a pullback
  bool swap_memory = false;         ///< whether what gradients need lies in the host's memory
  std::shared_ptr<Cell> cell = {};  ///< the cell of the call, which a pullback keeps

  const Nest& state() const { return given_state == nullptr ? fresh_state : *given_state; }
  const Nest& inputs() const { return checked.inputs; }
  const SequenceSizes& sizes() const { return checked.sizes; }
};

/// A cell of a call, and what is known about it.
struct SequenceCell {
  const Cell* cell = nullptr;
  const KnownCell* known = nullptr;  ///< null: the cell must be called step by step
  const LSTMCell* lstm = nullptr;    ///< null: the cell is not an LSTM of TensorFlow 1

  /// The weight that the inputs are multiplied by, (I, ...). `known` must not be null.
  const Tensor& input_kernel() const { return known->weights().kernel; }
};

/// What is known about a cell.
SequenceCell sequence_cell(const Cell& cell);

/// The cell, or the cells of a stack, bottom first; empty if one of them must be called step by step. A stack may run
/// cell after cell, because only a dead row of the next cell reads the output of a dead row.
std::vector<SequenceCell> sequence_cells(const Cell& cell);

/// Runs `cells`, the result of sequence_cells(cell), or of sequence_cell(cell) where that is known. Throws `ValueError`
/// for inputs, state or dtype that do not fit the weights, before anything runs.
DynamicRnnResult run_cells(const Cell& cell, std::span<const SequenceCell> cells, const Sequence& sequence);

/// Calls `cell` at every step. Throws `ValueError` for an output or a state that does not have the cell's sizes.
DynamicRnnResult run_called(Cell& cell, const Sequence& sequence);

/// Throws `ValueError` unless `state` has the structure of `state_size`, and each leaf is on `device` and has either
/// the shape (B, ...) of `state_size` or rank 0.
void check_cell_state(const std::string& name, const Nest& state, const SizeNest& state_size, std::int64_t B,
                      Device device);

/// Zeros with the shapes of `size` behind a batch axis.
Nest zeros_of(const SizeNest& size, std::int64_t B, DType dtype, Device device);

}  // namespace rondo::v1
