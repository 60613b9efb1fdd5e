/// The layers of a pool: their sessions, and the states of all slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// The sizes of a pool's runs.
struct PoolSizes {
  std::int64_t slots = 0;
  std::int64_t rows = 0;   ///< of a run, at most
  std::int64_t steps = 0;  ///< of a run, at most
};

/// One plan and session for each layer, for runs of any number of rows and steps. The states have a row for each slot
/// and, after them, one for each row of a run: those are for rows that a run does not have, since no two rows of a
/// batch may have the same row of the states.
class PoolLayers {
 public:
  /// Throws `ValueError` for a layer that reads in reverse.
  PoolLayers(const LoadedNetwork& network, const PoolSizes& sizes, const NetworkOptions& options, Stream stream);

  /// Queues a packed batch: x (N, I), y (N, O). Allocates nothing.
  void run(const Tensor& x, const Tensor& y, const Tensor& batch_sizes, const Tensor& row_indices);
  SessionStatus finish();

  /// The states of all layers, and of each the state that streams begin with.
  struct State {
    Tensor slots;  ///< (slots + rows, units)
    Tensor rest;   ///< (1, units)
    std::size_t row_bytes() const { return static_cast<std::size_t>(slots.size(1)) * size_of(slots.dtype()); }
    std::byte* row(std::int64_t slot) const {
      return static_cast<std::byte*>(slots.data()) + static_cast<std::size_t>(slot) * row_bytes();
    }
    std::byte* rest_row() const { return static_cast<std::byte*>(rest.data()); }
  };
  std::span<const State> states() const { return states_; }
  std::string explain() const;

 private:
  void add_layer(const Plan& plan, const RecurrentWeights& weights);

  const Stream stream_;
  const PoolSizes sizes_;
  Tensor workspace_;
  Tensor between_[2];  ///< (rows steps, features): layers write one and read the other
  std::vector<Session> sessions_;
  std::vector<SessionTensors> tensors_;  ///< of each layer, with its states
  std::vector<State> states_;
};

}  // namespace rondo
