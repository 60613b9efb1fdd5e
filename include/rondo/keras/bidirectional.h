/// A layer in both directions of time, as `tf.keras.layers.Bidirectional`.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/Bidirectional (TensorFlow 2.9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/keras/layers.h"

namespace rondo {

/// How the outputs of both directions are combined.
enum class MergeMode : std::uint8_t {
  concat,  ///< concatenated along the last axis, forward first
  sum,
  mul,
  ave,
  none  ///< a tuple of two
};

/// The mode's name: "concat", "sum", "mul", "ave" or "none".
std::string to_string(MergeMode mode);

/// Two layers over the same inputs, which read time in opposite directions. With `return_sequences` the backward
/// layer's output is reversed, so that both outputs of a time step have the same index; and a masked step emits zeros,
/// whatever the layers' own `zero_output_for_mask` is. If each layer has a single known cell and the forward layer
/// reads forward, both are planned as one network, whose directions run at once where a device can.
///
/// With `go_backwards` of the forward layer both directions are reversed: outputs then begin with the last time step.
class Bidirectional {
 public:
  /// Combines two layers: keeps the cells of both, and no stored states. Throws `ValueError` unless `go_backwards`
  /// differs, and `return_sequences`, `return_state`, `stateful` and `time_major` are the same.
  Bidirectional(const RNN& forward, const RNN& backward, MergeMode merge_mode = MergeMode::concat);
  /// Makes the backward layer from the forward one, with the opposite `go_backwards`, with `backward_weights`, one for
  /// each cell of a stack, and with a seed of dropout that is greater by one. Throws `ValueError` unless all cells are
  /// known, and for another number of weights.
  Bidirectional(const RNN& layer, const std::vector<RecurrentWeights>& backward_weights,
                MergeMode merge_mode = MergeMode::concat);

  /// Runs both layers, as RNN does. `call.initial_state` has the states of the forward layer and then those of the
  /// backward one, and so have `call.reset_state` and the result; constants are passed to both layers. With
  /// MergeMode::none the output is a tuple of two. Throws `ValueError` as RNN, and for an odd number of initial states,
  /// for a half of them that does not fit its layer, and for outputs of different shapes where these are combined.
  LayerResult operator()(const Nest& inputs, const CallOptions& call = {});

  /// RNN::reload_weights of both layers.
  void reload_weights();
  /// RNN::finish of both layers, and of the calls in which they ran as one network.
  SessionStatus finish() const;

  /// Makes the stored states of both layers zeros, as RNN::reset_states.
  void reset_states();

  const RNN& forward_layer() const { return forward_; }
  const RNN& backward_layer() const { return backward_; }
  MergeMode merge_mode() const { return merge_mode_; }

 private:
  /// Outputs of both directions in the same order of time, or already concatenated in `beside`; the states of both.
  struct Results {
    Nest forward = {};
    Nest backward = {};
    Tensor beside = {};
    States states = {};
    // Of layers that ran one after the other, for gradients:
    std::size_t forward_states = 0;
    Pullback forward_pullback = {};
    Pullback backward_pullback = {};
    bool turned = false;  ///< whether the backward layer's output was reversed in time
  };

  void check_states_of_both(const CheckedSequence& sequence, const CallOptions& call) const;
  bool is_one_network(const CheckedSequence& sequence, const CallOptions& call) const;
  Results run_network(const CheckedSequence& sequence, const CallOptions& call) const;
  Pullback pullback_of(Results results, const SequenceSizes& sizes, const LayerResult& result) const;
  Results run_apart(const CheckedSequence& sequence, const CallOptions& call);

  RNN forward_;
  RNN backward_;
  MergeMode merge_mode_;
  bool return_state_;
};

}  // namespace rondo
