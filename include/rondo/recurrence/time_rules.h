/// The rules of time of a recurrence: which input step a processing step reads, where the output of the step is
/// written, and what a dead row emits. Each API is one setting of the three.
#pragma once

#include <cstdint>

namespace rondo {

/// The input step t that processing step s reads.
enum class ReadOrder : std::uint8_t {
  forward,                ///< t = s
  reversed,               ///< t = T - 1 - s: Keras's `go_backwards`
  reversed_within_length  ///< t = length[b] - 1 - s, and t = s beyond the length: ONNX, cuDNN, PyTorch,
                          ///< bidirectional_dynamic_rnn
};

/// The time step at which the output of processing step s is written.
enum class WriteOrder : std::uint8_t {
  processing,  ///< at s: Keras, whose reversed outputs stay reversed
  input        ///< at the input step that was read: ONNX, cuDNN, the backward half of a bidirectional layer
};

/// What a dead row (masked, or past its length) emits. A dead row keeps its states in any case.
enum class DeadOutput : std::uint8_t {
  previous_output,  ///< the output emitted one processing step before; zeros at the first one (Keras's default)
  zeros,            ///< Keras's `zero_output_for_mask`, dynamic_rnn, ONNX
  incoming_state    ///< the first state before the step: `tf.contrib.keras.backend.rnn` of TensorFlow 1.1
};

/// What a recurrence does with time. Masks and lengths, which are not in here, decide which rows are live.
///
/// Each API is one setting, and a static function makes it:
///
///     maker                  read order                  write order   a dead row emits
///     keras                  forward or reversed         processing    the previous output, zeros first; or zeros
///     contrib                forward or reversed         processing    the incoming first state
///     dynamic_rnn            forward                     input         zeros
///     dynamic_rnn_backward   reversed within lengths     input         zeros
///     onnx                   forward or reversed         input         zeros
///     in_input_order         unchanged                   input         unchanged
struct TimeRules {
  ReadOrder read = ReadOrder::forward;
  WriteOrder write = WriteOrder::processing;
  DeadOutput dead = DeadOutput::previous_output;

  bool operator==(const TimeRules&) const = default;

  /// `keras.backend.rnn`, and `layers.RNN` with all layers that derive from it.
  static constexpr TimeRules keras(bool go_backwards, bool zero_output_for_mask) {
    return {.read = go_backwards ? ReadOrder::reversed : ReadOrder::forward,
            .dead = zero_output_for_mask ? DeadOutput::zeros : DeadOutput::previous_output};
  }

  /// `tf.contrib.keras.backend.rnn` of TensorFlow 1.1.
  static constexpr TimeRules contrib(bool go_backwards) {
    return {.read = keras(go_backwards, false).read, .dead = DeadOutput::incoming_state};
  }

  /// `tf.compat.v1.nn.dynamic_rnn`, and the forward direction of `bidirectional_dynamic_rnn`.
  static constexpr TimeRules dynamic_rnn() { return {.write = WriteOrder::input, .dead = DeadOutput::zeros}; }

  /// The backward direction of `tf.compat.v1.nn.bidirectional_dynamic_rnn`.
  static constexpr TimeRules dynamic_rnn_backward() {
    return {.read = ReadOrder::reversed_within_length, .write = WriteOrder::input, .dead = DeadOutput::zeros};
  }

  /// One direction of an ONNX operator, and of a cuDNN or PyTorch module. Backward, rows are reversed within their
  /// lengths; without lengths every row has T steps and is reversed as a whole.
  static constexpr TimeRules onnx(bool backward, bool has_lengths) {
    if (!backward) return dynamic_rnn();
    TimeRules rules = dynamic_rnn_backward();
    if (!has_lengths) rules.read = ReadOrder::reversed;
    return rules;
  }

  /// Returns the rules with outputs written at the steps of their inputs: for the halves of Keras's `Bidirectional`,
  /// whose outputs line up, and for the lower cells of a stack, whose outputs are the inputs of the cell above.
  constexpr TimeRules in_input_order() const { return {.read = read, .write = WriteOrder::input, .dead = dead}; }

  /// Whether processing step s is input step s in every row.
  constexpr bool reads_forward() const { return read == ReadOrder::forward; }

  /// Whether the output of each input step is written at that step.
  constexpr bool keeps_input_order() const { return reads_forward() || write == WriteOrder::input; }

  /// Whether a dead row repeats its previous output. That output does not follow from the states: they do not show
  /// whether the row has been live before.
  constexpr bool repeats_outputs() const { return dead == DeadOutput::previous_output; }
};

}  // namespace rondo
