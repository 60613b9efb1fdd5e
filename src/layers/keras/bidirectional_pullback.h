/// The gradients of a Bidirectional, from those of its layers.
#pragma once

#include "layers/loop/result_forms.h"
#include "layers/loop/sequence_arguments.h"
#include "rondo/keras/bidirectional.h"

namespace rondo {

/// A call of a Bidirectional whose gradients are wanted.
struct BidirectionalTape {
  Pullback forward;
  Pullback backward;
  MergeMode merge_mode;
  SequenceSizes sizes;
  bool turned;                        ///< whether the backward layer's output was reversed in time
  std::size_t forward_states = 0;     ///< the number of the forward layer's states
  std::int64_t forward_features = 0;  ///< of the forward layer's output, where outputs are concatenated
  Nest forward_output = {};           ///< where outputs are multiplied
  Nest backward_output = {};          ///< as multiplied, so reversed where `turned`
  ResultForms results = {};

  LayerGradients operator()(const Nest& d_output, const States& d_states) const;

 private:
  /// A nest for each layer.
  struct Halves {
    Nest forward;
    Nest backward;
  };
  Halves split_output(const Nest& d_output) const;
};

/// A copy of the sequence with its last time step first.
Nest turn_time(const Nest& sequence, const SequenceSizes& sizes);

}  // namespace rondo
