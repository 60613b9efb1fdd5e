/// A recurrent layer that reads one time step at a time.
#pragma once

#include <memory>
#include <vector>

#include "models/call_site.h"
#include "models/model_layer.h"
#include "rondo/keras/layers.h"

namespace rondo {

/// What the stream of a recurrent call needs to know of the call.
struct RecurrentStreamOptions {
  MaskRoute mask = {};
  MaskRoute passed = {};                 ///< the mask that the output carries
  std::vector<int> initial_states = {};  ///< tensors of the call, which are read at the first step; empty: zeros
  PlanOptions plan = {};
};

/// Runs the known cells of `rnn`, which reads forward and outlives the stream. A step of a masked row repeats the row's
/// output, or gives zeros, as the layer does within a sequence.
std::unique_ptr<StreamedCall> make_recurrent_stream(const RNN& rnn, const RecurrentStreamOptions& options);

}  // namespace rondo
