/// Options, arguments and results of recurrent layers, with the names and defaults of `tf.keras.layers.RNN`.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/RNN (TensorFlow 2.9).
#pragma once

#include <cstdint>
#include <optional>

#include "rondo/keras/pullback.h"
#include "rondo/keras/rnn.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// Configures any layer, with the names and defaults of `tf.keras.layers.RNN`.
struct RNNOptions {
  bool return_sequences = false;  ///< all outputs instead of the last one
  bool return_state = false;      ///< also the final states
  bool go_backwards = false;
  bool stateful = false;  ///< the final states of a call are the initial states of the next call
  /// Never changes a value. On a CUDA device the steps of a cell that no executor knows are recorded in a graph, which
  /// later calls with the same shapes replay without calling the cell: see RnnOptions::graphs.
  bool unroll = false;
  bool time_major = false;
  /// A masked step emits zeros instead of the previous output; used only with `return_sequences`, as documented.
  bool zero_output_for_mask = false;
};

/// Arguments of a layer's call besides the inputs. All members have defaults.
struct CallOptions {
  /// (B, T) or (B, T, 1), time-major (T, B) or (T, B, 1); true: use this step. The mask has any dtype; all values but
  /// zero are true, NaN too.
  std::optional<Tensor> mask = std::nullopt;
  /// (B,) of i32 or i64, each from 0 to T: row b has `lengths[b]` time steps, and its later steps are padding. Lengths
  /// take the place of Keras's ragged tensors, and have the effect of a mask that is true for these steps. Lengths
  /// together with a mask are a `ValueError`, and so is a length out of range (docs/semantics.md, "Lengths out of
  /// range"). On a CUDA device the call waits for the lengths.
  std::optional<Tensor> lengths = std::nullopt;
  /// (B, T) or (B, T, 1), time-major (T, B) or (T, B, 1), any dtype; not zero: input step t begins a new piece of the
  /// row, whose states become `reset_state` before t is read or, by a layer that reads backwards, before t - 1 is read.
  /// So both directions of a Bidirectional see the same pieces. Marks at a row's length or later mean nothing.
  std::optional<Tensor> resets = std::nullopt;
  /// As `initial_state`; each tensor has the shape of its state, or that shape without the batch axis. Empty: zeros.
  States reset_state = {};
  /// (T) of i32 or i64, on the CPU: the inputs are packed, (N, I), as PyTorch's PackedSequence has its data, and this
  /// is how many rows each step has. Outputs and `resets` are packed, too: (N, H) with `return_sequences`, and (N); the
  /// layout `time_major` has no effect. Only for known cells without dropout, and without mask and lengths.
  std::optional<Tensor> batch_sizes = std::nullopt;
  /// (B) of i32 or i64, on the CPU, for packed inputs: which row of the states and of the last output each row of the
  /// batch has, as PyTorch's `sorted_indices` say. Absent: the row of the same number.
  std::optional<Tensor> row_indices = std::nullopt;
  /// One entry for each state of the cell; for a stack, one for each cell (a tuple where a cell has several states).
  /// A stateful layer uses it in place of the stored states. Empty: the stored states, else the cell's initial ones.
  States initial_state = {};
  Constants constants = {};
  bool training = false;  ///< cells with dropout drop; see DropoutOptions
  /// The number of the call, which selects the masks of dropout in training. By default the layer counts its calls in
  /// training, from 0.
  std::optional<std::uint64_t> dropout_call = std::nullopt;
  /// The call keeps what its gradients need, and LayerResult::pullback computes them. Stored states of a stateful layer
  /// are constants to it: no gradient reaches an earlier call. Where another executor then runs the cells, results may
  /// differ by rounding. A cell of the caller's needs Cell::call_with_pullback, else the call throws `ValueError`.
  bool gradients = false;
  /// With `gradients`: what known cells keep for them lies in page-locked memory of the host, where the call was on a
  /// CUDA device (RecurrenceSpec::swap_memory). Gradients are those of `cuda_stepwise` without it, bit for bit. No
  /// effect on the CPU, on cells of the caller's, and on cells that run step by step.
  bool swap_memory = false;
  /// Which executor runs known cells, also those in a stack with other cells. It serves to compare executors; by
  /// default the plan chooses.
  PlanOptions plan = {};
};

/// A call to plan for: the sizes of its inputs, and whether it has a mask, lengths or resets, is packed, or
/// wants gradients, and swaps memory for them.
struct PlanRequest {
  std::int64_t B = 1;
  std::int64_t T = 1;
  bool masked = false;
  bool has_lengths = false;
  bool has_resets = false;
  bool packed = false;
  bool gradients = false;
  bool swap_memory = false;
  PlanOptions plan = {};
};

/// Results of a layer's call.
struct LayerResult {
  Nest output;             ///< (B, ...) or, with return_sequences, (B, T, ...)
  States states;           ///< the final states with return_state, else empty
  Pullback pullback = {};  ///< with CallOptions::gradients, else empty
};

}  // namespace rondo
