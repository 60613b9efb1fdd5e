/// The interface of a library that is measured on the CPU: a shared object with these functions.
///
/// Memory is the caller's, f32, time-major and without gaps. Weights are in Keras's layout; a GRU resets after its
/// product, as in PyTorch and cuDNN. A stream passes the states of the previous call and receives new states. Otherwise
/// the state pointers are null: initial states are zeros, and final states are not wanted.
///
/// A variant that begins with "train" is a training step: a run that keeps what gradients need, then the gradients of x
/// and of all weights, for a given gradient of y. Weights are packed before, except in "train_reload", where each run
/// packs them anew, as after an optimizer's step. The gradients' pointers are null without training.
#pragma once

#include <cstdint>

extern "C" {

struct PeerProblem {
  std::int64_t T, B, I, H;
  std::int32_t gru;  ///< 0: an LSTM
  std::int32_t threads;
  const float* kernel;            ///< (I, G H)
  const float* recurrent_kernel;  ///< (H, G H)
  const float* bias;              ///< (4 H), or (2, 3 H)
  const float* x;                 ///< (T, B, I)
  float* y;                       ///< (T, B, H); of packed batches its first rows, likewise d_x
  const float* initial_h;         ///< (B, H), like all states
  const float* initial_c;         ///< of an LSTM only
  float* final_h;
  float* final_c;
  /// Rondo's variants: "holes", "lengths", "packed", "live_alone", "resets", "reversed", "batch_major", "last_output",
  /// "bf16", "f16", "math_bf16x3", "math_bf16" and "math_int8" (f32 tensors, products of MatrixMath), and
  /// "train_lengths", "train_packed", "train_live_alone". Other libraries: "", "train", "train_reload",
  /// "forward_training" (a run by the operation that keeps what gradients need), and "bf16" and "int8", whose x,
  /// weights and y are converted from and to f32 outside of the time that is measured.
  const char* variant;
  const std::int32_t* lengths;  ///< (B), longest first, of the variants of lengths, packed batches and live steps alone
  const float* d_y;             ///< (T, B, H), the gradient of y
  float* d_x;  ///< gradients, each in the shape of what it is the gradient of, written by a training step
  float* d_kernel;
  float* d_recurrent_kernel;
  float* d_bias;
};

struct Peer;

/// Packs weights and allocates; null, with a message on stderr, where the library refuses.
Peer* peer_create(const PeerProblem* problem);
/// Runs the whole recurrence, or training step, `runs` times in sequence. Returns the seconds taken.
double peer_run(Peer* peer, std::int64_t runs);
void peer_destroy(Peer* peer);
/// The library's name and version.
const char* peer_version();
}
