/// The layers of a pool: their sessions and states.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/plan/plan.h"
#include "serving/pool_states.h"

namespace rondo {

/// The sizes of a pool's runs.
struct PoolSizes {
  std::int64_t slots = 0;
  std::int64_t rows = 0;   ///< of a run, at most
  std::int64_t steps = 0;  ///< of a run, at most
};

/// One plan and session for each layer, for runs of any number of rows and steps. The states have a row for each slot
/// and, behind them, one for each row of a run.
class PoolLayers {
 public:
  /// Throws `ValueError` for a layer that reads in reverse.
  PoolLayers(const LoadedNetwork& network, const PoolSizes& sizes, const NetworkOptions& options, Stream stream);

  /// Queues a packed batch: x (N, I), y (N, O), with batch_sizes (steps) and row_indices (rows). Allocates nothing.
  void run(const Tensor& x, const Tensor& y, const Tensor& batch_sizes, const Tensor& row_indices);
  SessionStatus finish();

  PoolStates& states() { return states_; }
  const PoolStates& states() const { return states_; }
  std::string explain() const;

 private:
  void add_layer(const Plan& plan, const RecurrentWeights& weights);

  const Stream stream_;
  Tensor workspace_;
  Tensor between_[2];  ///< (rows steps, features): layers write one and read the other
  std::vector<Session> sessions_;
  std::vector<SessionTensors> tensors_;  ///< of each layer, with its states
  PoolStates states_;
};

}  // namespace rondo
