/// One call of a layer, in the form that the planned path and the step loop take.
#pragma once

#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "plan/kept_runs.h"
#include "rondo/keras/layers.h"
#include "vocabulary/fork.h"

namespace rondo {

/// The time rules of a layer that runs alone. A masked step emits zeros only with `return_sequences`, as Keras
/// documents it.
inline TimeRules rules_of(const RNNOptions& options) {
  return TimeRules::keras(options.go_backwards, options.zero_output_for_mask && options.return_sequences);
}

/// `call` with its lengths in the form that executors take. Throws `ValueError` as checked_lengths, and for lengths
/// together with a mask.
CallOptions with_checked_lengths(const CallOptions& call, const SequenceSizes& sizes);

/// The plan request for a call whose lengths are checked.
inline PlanRequest request_of(const CallOptions& call, const SequenceSizes& sizes) {
  return {.B = sizes.B,
          .T = sizes.T,
          .masked = call.mask.has_value(),
          .has_lengths = call.lengths.has_value(),
          .has_resets = call.resets.has_value(),
          .plan = call.plan};
}

/// The spec of a known cell for such a call.
inline RecurrenceSpec recurrence_of(const KnownCell& cell, const PlanRequest& request, const TimeRules& rules) {
  const Tensor& kernel = cell.weights().kernel;
  return {.cell = cell.spec(),
          .T = request.T,
          .B = request.B,
          .I = kernel.size(0),
          .dtype = kernel.dtype(),
          .device = kernel.device(),
          .rules = rules,
          .has_mask = request.masked,
          .has_lengths = request.has_lengths,
          .has_resets = request.has_resets};
}

struct LayerKeeper::Kept {
  KeptNetworks networks;  ///< the sessions of a stack, or of both directions
  ForkFlag busy;          ///< held during a call of a stateful layer
};

struct RNN::Call {
  const CheckedSequence& sequence;
  CallOptions options;  ///< with checked lengths, and in training with dropout_call set
  TimeRules rules;
  States initial = {};                   ///< empty where the planned path begins with zeros
  std::vector<DropoutMasks> masks = {};  ///< empty, or one for each cell
};

}  // namespace rondo
