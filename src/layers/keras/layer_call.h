/// One call of a layer, as the planned path and the step loop take it.
#pragma once

#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "rondo/keras/layers.h"

namespace rondo {

/// The rules of a layer that runs alone. A masked step emits zeros only where all outputs are returned, as Keras
/// documents it.
inline TimeRules rules_of(const RNNOptions& options) {
  return TimeRules::keras(options.go_backwards, options.zero_output_for_mask && options.return_sequences);
}

/// `call` with lengths that executors take. Throws `ValueError` for lengths that do not fit, and beside a mask.
CallOptions with_checked_lengths(const CallOptions& call, const SequenceSizes& sizes);

/// What a plan must know of a call whose lengths are checked.
inline PlanRequest request_of(const CallOptions& call, const SequenceSizes& sizes) {
  return {.B = sizes.B,
          .T = sizes.T,
          .masked = call.mask.has_value(),
          .has_lengths = call.lengths.has_value(),
          .plan = call.plan};
}

struct RNN::Call {
  const CheckedSequence& sequence;
  CallOptions options;  ///< its lengths are checked, and dropout has its number
  TimeRules rules;
  States initial = {};
  std::vector<DropoutMasks> masks = {};  ///< empty, or one for each cell
};

}  // namespace rondo
