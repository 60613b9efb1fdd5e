/// The interface of a library that is measured on the CPU: a shared object with these functions.
///
/// Memory is the caller's, f32, time-major and without gaps. Weights are in Keras's layout; a GRU resets after its
/// product, as in PyTorch and cuDNN. A stream passes the states of the previous call and receives new states. Otherwise
/// the state pointers are null: initial states are zeros, and final states are not wanted.
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
  float* y;                       ///< (T, B, H)
  const float* initial_h;         ///< (B, H), like all states
  const float* initial_c;         ///< of an LSTM only
  float* final_h;
  float* final_c;
  /// Rondo's variants: "holes", "lengths", "packed", "live_alone", "resets", "reversed", "batch_major", "last_output",
  /// "bf16", ...; "" for other libraries.
  const char* variant;
  const std::int32_t* lengths;  ///< (B), longest first, of the variants "lengths", "packed" and "live_alone"
};

struct Peer;

/// Packs weights and allocates; null, with a message on stderr, where the library refuses.
Peer* peer_create(const PeerProblem* problem);
/// Runs the whole recurrence `runs` times in sequence. Returns the seconds taken.
double peer_run(Peer* peer, std::int64_t runs);
void peer_destroy(Peer* peer);
/// The library's name and version.
const char* peer_version();
}
