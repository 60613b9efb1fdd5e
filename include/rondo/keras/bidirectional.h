/// A layer in both directions of time, as `tf.keras.layers.Bidirectional`. Floor 6.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/Bidirectional (TensorFlow 2.9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/keras/layers.h"

namespace rondo {

/// What becomes of the outputs of both directions.
enum class MergeMode : std::uint8_t {
  concat,  ///< beside each other, forward first
  sum,
  mul,
  ave,
  none  ///< a tuple of two
};

/// "concat", "sum", "mul", "ave" or "none".
std::string to_string(MergeMode mode);

/// Two layers over the same inputs, of which one reads time the other way. With `return_sequences` the backward layer's
/// output is turned around, so that both outputs of a time step stand at the same place; and a masked step emits zeros,
/// whatever the layers' own `zero_output_for_mask` says. A single known cell in each direction, one reading forward, is
/// planned as one network, whose directions run at once where a device can.
///
/// `go_backwards` of the forward layer turns both around: outputs then begin with the last time step.
class Bidirectional {
 public:
  /// The backward layer is given; both keep their cells, and no stored states. Throws `ValueError` unless
  /// `go_backwards` differs, and `return_sequences`, `return_state`, `stateful` and `time_major` are the same.
  Bidirectional(const RNN& forward, const RNN& backward, MergeMode merge_mode = MergeMode::concat);
  /// The backward layer is the forward one with `go_backwards` turned, and with weights of its own, one for each cell
  /// of a stack, and the next number as the seed of its dropout. Throws `ValueError` for a layer of other than known
  /// cells, and for another number of weights.
  Bidirectional(const RNN& layer, const std::vector<RecurrentWeights>& backward_weights,
                MergeMode merge_mode = MergeMode::concat);

  /// As RNN, where `call.initial_state` has the states of the forward layer and then those of the backward one, and so
  /// has the result; constants go to both. The output is a tuple of two with MergeMode::none. Throws `ValueError` also
  /// for an odd number of initial states, for a half of them that does not fit its layer, and for outputs that do not
  /// have the same shape where they are combined.
  LayerResult operator()(const Nest& inputs, const CallOptions& call = {});

  /// Of both layers; as RNN has it.
  void reset_states();

  const RNN& forward_layer() const { return forward_; }
  const RNN& backward_layer() const { return backward_; }
  MergeMode merge_mode() const { return merge_mode_; }

 private:
  /// Outputs of both directions in the same order of time, or both beside each other already; states of both.
  struct Results {
    Nest forward = {};
    Nest backward = {};
    Tensor beside = {};
    States states = {};
  };

  void check_initial_state(const CheckedSequence& sequence, const States& given) const;
  bool is_one_network(const CheckedSequence& sequence, const CallOptions& call) const;
  Results run_network(const CheckedSequence& sequence, const CallOptions& call) const;
  Results run_apart(const CheckedSequence& sequence, const CallOptions& call);

  RNN forward_;
  RNN backward_;
  MergeMode merge_mode_;
  bool return_state_;
};

}  // namespace rondo
