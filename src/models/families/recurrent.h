/// The call of a recurrent layer, RNN or Bidirectional alike.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/model_layer.h"
#include "rondo/keras/layers.h"

namespace rondo {

/// What a call of a recurrent layer has, besides the layer.
struct RecurrentTraits {
  std::vector<std::int64_t> state_counts;  ///< of each cell, bottom first
  std::vector<std::int64_t> state_sizes;   ///< of each state, flattened
  std::vector<Shape> outputs;              ///< the sizes of each output behind (B, T): one, or two of merge_mode none
  std::int64_t features = kUnknownSize;    ///< that its inputs have
  DType dtype = DType::f32;
  RNNOptions options = {};
};

/// Checks a call, and gives the function that hands inputs, mask and initial states to `layer`.
BoundCall bind_recurrent(const CallSite& site, const RecurrentTraits& traits, const PlanOptions& plan,
                         std::function<LayerResult(const Tensor&, const CallOptions&)> layer);

/// The tensors of the call that are initial states: an argument of that name or, as Keras 2 writes it, tensors behind
/// the first of the inputs.
std::vector<int> initial_states(const CallSite& site);

/// Adds the states, the features of inputs and the dtype of a layer's cells to the traits, and returns the features of
/// its output. Throws `ValueError` for a cell of the caller's whose states or output are no vectors.
std::int64_t add_cells(RecurrentTraits& traits, const RNN& rnn);

/// What the plans of a layer's known cells say.
std::string explain_plans(const RNN& rnn, std::int64_t B, std::int64_t T, const PlanOptions& plan);

/// A layer that runs a known recurrence.
std::unique_ptr<ModelLayer> recurrent_layer(std::unique_ptr<RNN> rnn, const PlanOptions& plan);

/// The recurrent layer of a file with its weights on a device.
std::unique_ptr<RNN> make_layer_on(const KerasLayer& layer, Device device);

}  // namespace rondo
