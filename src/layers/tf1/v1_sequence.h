/// What dynamic_rnn and its relatives do with a cell over a whole sequence.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "rondo/recurrence/time_rules.h"
#include "rondo/tf1/v1.h"

namespace rondo::v1 {

/// One direction of a call, its arguments checked.
struct Sequence {
  CheckedSequence checked;  ///< inputs in the caller's layout
  TimeRules rules = TimeRules::dynamic_rnn();
  Tensor lengths = {};                       ///< (B,) i32 on the inputs' device, 0 .. T; undefined: every row has T
  Nest state = {};                           ///< the initial one
  std::string state_name = "initial_state";  ///< in messages
  DType dtype = DType::f32;                  ///< of the outputs
  bool dtype_given = false;                  ///< by the caller, and not by the state
  std::int64_t chunk = 1;                    ///< time steps that are done at once
  PlanOptions plan = {};

  const Nest& inputs() const { return checked.inputs; }
  const SequenceSizes& sizes() const { return checked.sizes; }
};

/// A cell that runs over whole sequences, planned.
struct SequenceCell {
  const Cell* cell = nullptr;
  const KnownCell* known = nullptr;  ///< null: must be called step by step
  const LSTMCell* lstm = nullptr;    ///< null: not an LSTM of TensorFlow 1

  /// The weight that its inputs are multiplied with, (I, ...).
  const Tensor& input_kernel() const { return known->weights().kernel; }
};

/// The cell, or the cells of a stack, bottom first; empty when one of them must be called step by step. A stack may run
/// cell after cell, since what a dead row of one cell hands up goes to a dead row of the next.
std::vector<SequenceCell> sequence_cells(const Cell& cell);

/// Runs `cells`, which are those of `cell`. Throws `ValueError` for inputs, state or dtype that do not fit the weights,
/// before anything runs.
DynamicRnnResult run_cells(const Cell& cell, const std::vector<SequenceCell>& cells, const Sequence& sequence);

/// Calls `cell` at every step. Throws `ValueError` for an output or a state that is not as the cell's sizes say.
DynamicRnnResult run_called(Cell& cell, const Sequence& sequence);

/// Throws `ValueError` unless `state` has the structure of `state_size`, and each leaf is (B, ...) of its shape, or of
/// rank 0, on `device`.
void check_cell_state(const std::string& name, const Nest& state, const SizeNest& state_size, std::int64_t B,
                      Device device);

/// Tensors of the shapes of `size` behind a batch axis, zeros.
Nest zeros_of(const SizeNest& size, std::int64_t B, DType dtype, Device device);

}  // namespace rondo::v1
