/// What a library that is measured beside Rondo on the CPU is behind: a shared object with these functions.
///
/// Memory is the caller's, f32, time-major and without gaps. Weights are in Keras's layout; a GRU resets after its
/// product, as in PyTorch and cuDNN. Who streams hands in the states of the step before and wants those after it; else
/// initial states are zeros, and final ones not wanted: null.
#pragma once

#include <cstdint>

extern "C" {

struct PeerProblem {
  std::int64_t T, B, I, H;
  std::int32_t gru;  ///< else an LSTM
  std::int32_t threads;
  const float* kernel;            ///< (I, G H)
  const float* recurrent_kernel;  ///< (H, G H)
  const float* bias;              ///< (4 H), or (2, 3 H)
  const float* x;                 ///< (T, B, I)
  float* y;                       ///< (T, B, H)
  const float* initial_h;         ///< (B, H), as all states
  const float* initial_c;         ///< of an LSTM
  float* final_h;
  float* final_c;
  /// Of Rondo alone, "" for the others: "holes", "reversed", "batch_major", "last_output", "bf16", ...
  const char* variant;
};

struct Peer;

/// Packs weights and allocates; null, with a message on stderr, where the library refuses.
Peer* peer_create(const PeerProblem* problem);
/// So many whole runs, one after the other. Seconds that they took.
double peer_run(Peer* peer, std::int64_t runs);
void peer_destroy(Peer* peer);
/// Name and version of the library.
const char* peer_version();
}
