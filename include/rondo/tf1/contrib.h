/// `tf.contrib.keras.backend.rnn` of TensorFlow 1.1.
///
/// Source of each behaviour: the page of tf.contrib.keras.backend.rnn, r1.1, and where that page says nothing the loop
/// of that release; docs/semantics.md says which behaviour is from which source.
#pragma once

#include <memory>
#include <optional>

#include "rondo/keras/rnn.h"

namespace rondo::contrib {

/// Arguments of contrib::rnn besides the step, the inputs and the states.
struct RnnOptions {
  /// Iterates from the last time step to the first; outputs stay in that order.
  bool go_backwards = false;
  /// (B, T) or (B, T, 1), any dtype, all values but zero are true. A masked row keeps its states and emits the first
  /// state before the step: at the first step the initial state, not zeros.
  std::optional<Tensor> mask = std::nullopt;
  Constants constants = {};
  /// Never changes a value. TensorFlow 1.1's unrolled code treats masked steps differently from its loop; Rondo always
  /// follows the loop. Otherwise as rondo::RnnOptions::unroll.
  bool unroll = false;
  /// Keeps the graphs of `unroll`, as rondo::RnnOptions::graphs.
  std::shared_ptr<StepGraphs> graphs = nullptr;
};

/// Calls `step` exactly T times over `inputs` (B, T, ...), one tensor. Results and T = 0 are those of rondo::rnn with
/// all outputs.
///
/// Throws `ValueError` for: inputs of rank below 3; a mask of another shape; a mask without states; with a mask, an
/// output of another structure, shape or dtype than the first state; states whose first axis is not B; a step that
/// returns another number, structure, shape or dtype of states, or changes those of its output.
RnnResult rnn(const StepFunction& step, const Tensor& inputs, const States& initial_states,
              const RnnOptions& options = {});

}  // namespace rondo::contrib
