/// The tensors of runs of known cells, as layers have them.
#pragma once

#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The states of one cell, or their gradients, as separate tensors; none stand for zeros.
inline std::vector<Tensor> state_tensors(const States& states) {
  std::vector<Tensor> tensors;
  for (const Nest& state : states) {
    state.visit([&](const Tensor& leaf) { tensors.push_back(with_packed_features(leaf)); });
  }
  return tensors;
}

/// The states of cell k of a stack; none stand for zeros.
inline States of_cell(const States& states, std::size_t k) { return states.empty() ? States() : States{states[k]}; }

/// The reverse of of_cell.
inline Nest state_of_cell(const std::vector<Tensor>& states) {
  if (states.size() == 1) return states[0];
  return Nest::tuple({states.begin(), states.end()});
}

/// Memory for rows of states or of a last output.
inline Tensor empty_rows(const RecurrenceSpec& spec, std::int64_t units) {
  return Tensor::empty({spec.B, units}, spec.dtype, spec.device);
}

/// Memory for the states of a cell.
inline std::vector<Tensor> empty_states(const RecurrenceSpec& spec) {
  std::vector<Tensor> states;
  for (int state = 0; state < state_count(spec.cell.kind); ++state) {
    states.push_back(empty_rows(spec, state_units(spec.cell, state)));
  }
  return states;
}

}  // namespace rondo
