/// What the pool and the batcher of the benchmark are made of.
#pragma once

#include "cpu/peer.h"
#include "rondo/serving/state_pool.h"

namespace rondo::bench {

/// One LSTM with the problem's weights.
LoadedNetwork network_of(const PeerProblem& problem);

/// A pool for twice the problem's streams, all of which may be in one call of one step.
StatePool pool_of(const PeerProblem& problem);

}  // namespace rondo::bench
