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

/// `call` with its lengths in the form that executors take. Throws `ValueError` as checked_lengths, for lengths
/// together with a mask, and for either with packed inputs.
CallOptions with_checked_lengths(const CallOptions& call, const SequenceSizes& sizes);

/// The inputs of a call, packed or not. Throws `ValueError` as check_inputs and check_packed_inputs.
CheckedSequence check_call_inputs(const Nest& inputs, const CallOptions& call, bool time_major);

/// Memory for a sequence of outputs, in the layout of the call's inputs.
inline Tensor empty_sequence(const RecurrenceSpec& spec, const SequenceSizes& sizes, std::int64_t features) {
  const Shape padded = sizes.time_axis == 0 ? Shape{spec.T, spec.B, features} : Shape{spec.B, spec.T, features};
  return Tensor::empty(sizes.packed() ? Shape{sizes.packed_rows, features} : padded, spec.dtype, spec.device);
}

/// The plan request for a call whose lengths are checked.
inline PlanRequest request_of(const CallOptions& call, const SequenceSizes& sizes) {
  return {.B = sizes.B,
          .T = sizes.T,
          .masked = call.mask.has_value(),
          .has_lengths = call.lengths.has_value(),
          .has_resets = call.resets.has_value(),
          .packed = sizes.packed(),
          .gradients = call.gradients,
          .swap_memory = call.swap_memory,
          .plan = call.plan};
}

/// The spec of a known cell for such a call. Rows of a packed batch end at their lengths, and are reversed within them.
inline RecurrenceSpec recurrence_of(const KnownCell& cell, const PlanRequest& request, TimeRules rules) {
  if (request.packed && rules.read == ReadOrder::reversed) rules.read = ReadOrder::reversed_within_length;
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
          .has_resets = request.has_resets,
          .packed = request.packed,
          .keep = request.gradients ? Keep::gates : Keep::nothing,
          .swap_memory = request.gradients && request.swap_memory};
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
