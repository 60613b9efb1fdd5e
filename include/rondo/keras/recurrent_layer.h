/// Recurrent layers of any class, and `tf.keras.layers.TimeDistributed` of them.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/TimeDistributed (TensorFlow 2.9).
#pragma once

#include <memory>
#include <variant>

#include "rondo/keras/bidirectional.h"
#include "rondo/keras/layers.h"

namespace rondo {

class RecurrentLayer;

/// Applies a layer to every step of an outer time axis: inputs (B, T, S, ...) are B T sequences of S steps. The layer
/// gets them as one batch of B T rows, and keeps no state from one step to the next.
///
/// @code
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({16}, DType::f32)};
/// TimeDistributed sentences(LSTM({.units = 4}, weights));
/// Tensor x = Tensor::full({2, 6, 5, 3}, 1.0, DType::f32);  // 2 documents of 6 sentences of 5 words
/// Tensor y = sentences(x).output;                          // (2, 6, 4)
/// @endcode
class TimeDistributed {
 public:
  /// Throws `ValueError` for a layer that is `stateful` or `time_major`.
  explicit TimeDistributed(RecurrentLayer layer);

  /// Runs the layer over `inputs` (B, T, S, ...). `call` is that of the layer, over (B, T, ...): a mask is (B, T, S),
  /// lengths are (B, T), resets (B, T, S). Outputs and states are (B, T, ...). Throws `ValueError` as the layer, for
  /// inputs of rank below 4 and arguments whose first axes are not (B, T), and for initial states, reset states,
  /// constants, packed inputs and gradients, which only the layer itself takes.
  LayerResult operator()(const Nest& inputs, const CallOptions& call = {});

  /// The layer that runs for every step.
  RecurrentLayer& layer() const { return *layer_; }

 private:
  std::shared_ptr<RecurrentLayer> layer_;
};

/// A recurrent layer of any class, for code that takes layers from files. A copy is the same layer.
class RecurrentLayer {
 public:
  /// Keeps the cells of `layer`, and no stored states.
  RecurrentLayer(const RNN& layer);              // NOLINT(google-explicit-constructor)
  RecurrentLayer(const Bidirectional& layer);    // NOLINT(google-explicit-constructor)
  RecurrentLayer(const TimeDistributed& layer);  // NOLINT(google-explicit-constructor)

  /// Runs the layer, as its class does.
  LayerResult operator()(const Nest& inputs, const CallOptions& call = {});
  /// As RNN::reset_states of the layer; of both layers of a Bidirectional.
  void reset_states();
  /// As RNN::reload_weights.
  void reload_weights();
  /// As RNN::finish.
  SessionStatus finish() const;

  bool returns_sequences() const { return options().return_sequences; }
  bool is_stateful() const { return options().stateful; }
  bool is_time_major() const { return options().time_major; }

  /// The layer as what it is; null if it is of another class.
  RNN* rnn() const;
  Bidirectional* bidirectional() const;
  TimeDistributed* time_distributed() const;

 private:
  const RNNOptions& options() const;

  std::variant<std::shared_ptr<RNN>, std::shared_ptr<Bidirectional>, std::shared_ptr<TimeDistributed>> layer_;
};

}  // namespace rondo
