#include "layers/loop/packed_states.h"
#include "layers/tf1/v1_pullback.h"
#include "layers/tf1/v1_sequence.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/v1.h"
#include "rondo/vocabulary/error.h"

namespace rondo::v1 {
namespace {

constexpr std::int64_t kParallelIterations = 32;  // the meaning of 0

/// A cell argument and its initial state, with the names that messages use for them.
struct CellArgument {
  const std::shared_ptr<Cell>& cell;
  std::string name;
  const std::optional<Nest>& initial_state;
  std::string state_name;
};

void check_cell(const CellArgument& argument) {
  if (argument.cell == nullptr) throw TypeError(argument.name, "none", "a cell");
}

// The dtype of the outputs if the caller gives none.
DType dtype_of_state(const CellArgument& argument, const Nest& state) {
  std::optional<DType> dtype;
  state.visit([&](const Tensor& leaf) {
    if (!dtype) dtype = leaf.dtype();
    if (leaf.dtype() == *dtype) return;
    throw ValueError(
        "dtype", "none, and " + argument.state_name + " of " + to_string(*dtype) + " and " + to_string(leaf.dtype()),
        "one, for the outputs");
  });
  if (!dtype) throw ValueError("dtype", "none, and a state without tensors", "one, for the outputs");
  return *dtype;
}

// Whether check_cell_state accepts the state of a known cell: one tensor (B, units), or a tuple of them. Makes no sizes
// to compare with, and so costs little.
bool fits_known_cell(const Cell& cell, const Nest& state, const SequenceSizes& sizes) {
  const auto* known = dynamic_cast<const KnownCell*>(&cell);
  if (known == nullptr) return false;
  const auto count = static_cast<std::size_t>(state_count(known->spec().kind));
  const auto fits = [&](const Nest& leaf, int k) {
    return leaf.is_leaf() && leaf.leaf().defined() && leaf.leaf().device() == sizes.device &&
           leaf.leaf().shape() == Shape{sizes.B, state_units(known->spec(), k)};
  };
  if (count == 1) return fits(state, 0);
  if (state.kind() != Nest::Kind::tuple || state.children().size() != count) return false;
  for (std::size_t k = 0; k < count; ++k) {
    if (!fits(state.children()[k], static_cast<int>(k))) return false;
  }
  return true;
}

// Sets the members of `sequence` that depend on the cell.
void set_state(Sequence& sequence, const CellArgument& argument, const std::optional<DType>& dtype) {
  if (!argument.initial_state && !dtype) {
    throw ValueError("dtype", "none, and no " + argument.state_name, "one of the two");
  }
  const SequenceSizes& sizes = sequence.sizes();
  sequence.cell = argument.cell;
  if (argument.initial_state) {
    sequence.given_state = &*argument.initial_state;
  } else {
    const InitialStateRequest request{sequence.inputs(), sizes.B, *dtype, sizes.device};
    sequence.fresh_state = pack_states(argument.cell->state_size(), argument.cell->get_initial_state(request));
  }
  sequence.state_name = argument.state_name;
  if (!fits_known_cell(*argument.cell, sequence.state(), sizes)) {
    check_cell_state(argument.state_name, sequence.state(), argument.cell->state_size(), sizes.B, sizes.device);
  }
  sequence.dtype_given = dtype.has_value();
  sequence.dtype = dtype ? *dtype : dtype_of_state(argument, sequence.state());
}

// Applies the options that dynamic_rnn and bidirectional_dynamic_rnn share.
template <typename Options>
Sequence make_sequence(const Nest& inputs, const Options& options) {
  Sequence sequence{.checked = check_inputs(inputs, options.time_major),
                    .plan = options.plan,
                    .gradients = options.gradients,
                    .swap_memory = options.swap_memory};
  if (options.parallel_iterations < 0) {
    throw ValueError("parallel_iterations", std::to_string(options.parallel_iterations), "0 or more");
  }
  sequence.chunk = options.parallel_iterations == 0 ? kParallelIterations : options.parallel_iterations;
  if (options.sequence_length) {
    check_lengths("sequence_length", *options.sequence_length, sequence.sizes());
    const Tensor lengths = clip(*options.sequence_length, 0, static_cast<double>(sequence.sizes().T));
    sequence.lengths = lengths.to(DType::i32).to(sequence.sizes().device);
  }
  return sequence;
}

DynamicRnnResult run(Cell& cell, const Sequence& sequence) {
  if (const SequenceCell single = sequence_cell(cell); single.known != nullptr) {
    return run_cells(cell, {&single, 1}, sequence);
  }
  const std::vector<SequenceCell> cells = sequence_cells(cell);
  if (cells.empty() && sequence.gradients) {
    throw ValueError("gradients", "true, and a cell that is called at every step", "cells that Rondo knows");
  }
  return cells.empty() ? run_called(cell, sequence) : run_cells(cell, cells, sequence);
}

}  // namespace

DynamicRnnResult dynamic_rnn(const std::shared_ptr<Cell>& cell, const Nest& inputs, const DynamicRnnOptions& options) {
  const CellArgument argument{cell, "cell", options.initial_state, "initial_state"};
  check_cell(argument);
  Sequence sequence = make_sequence(inputs, options);
  set_state(sequence, argument, options.dtype);
  return run(*cell, sequence);
}

BidirectionalRnnResult bidirectional_dynamic_rnn(const std::shared_ptr<Cell>& cell_fw,
                                                 const std::shared_ptr<Cell>& cell_bw, const Nest& inputs,
                                                 const BidirectionalRnnOptions& options) {
  const CellArgument forward{cell_fw, "cell_fw", options.initial_state_fw, "initial_state_fw"};
  const CellArgument backward{cell_bw, "cell_bw", options.initial_state_bw, "initial_state_bw"};
  check_cell(forward);
  check_cell(backward);
  Sequence fw = make_sequence(inputs, options);
  if (options.sequence_length) {
    (void)lengths_within_steps("sequence_length", *options.sequence_length, fw.sizes());
  }
  Sequence bw = fw;
  bw.rules = TimeRules::dynamic_rnn_backward();
  set_state(fw, forward, options.dtype);
  set_state(bw, backward, options.dtype);
  const DynamicRnnResult first = run(*cell_fw, fw);
  const DynamicRnnResult second = run(*cell_bw, bw);
  BidirectionalRnnResult result{{first.outputs, second.outputs}, {first.state, second.state}};
  if (options.gradients) result.pullback = pullback_of(first, second);
  return result;
}

}  // namespace rondo::v1
