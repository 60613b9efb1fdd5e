/// The interface of the shared object rondo_serving_peer beside cpu/peer.h: a batcher under load.
///
/// As a peer it is a pool: B is the number of streams, T is 1, the states begin as zeros, and a run steps all streams
/// once in one call. The streams have every second slot of a pool, in an order drawn at random.
#pragma once

#include <cstdint>

#include "cpu/peer.h"

extern "C" {

struct ServingLoad {
  /// Steps a second of all streams together, which come at random times, whatever is answered. 0: each stream sends its
  /// next step as soon as it has its answer.
  double rate;
  std::int64_t steps;  ///< of all streams
  std::int64_t max_delay_microseconds;
  double* latencies;  ///< (steps), written: seconds from when a step was due to its answer
};

/// What a load took. Below zero: an error, told on stderr.
struct ServingResult {
  double seconds;
  double rows_a_call;  ///< streams in a call of the pool, on average
};

/// Sends a load to a batcher on a pool of the problem's streams.
ServingResult serving_load(const PeerProblem* problem, const ServingLoad* load);
}
