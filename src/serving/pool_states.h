/// The states of a pool's streams, and the state with which streams begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The states of all layers. Slots have a row each. Behind them are rows for those rows of a batch that a run does not
/// have, since no two rows of a batch may have the same row of the states. On a CUDA device everything is done in the
/// order of the stream, and what reads or writes memory of the host waits for it.
class PoolStates {
 public:
  explicit PoolStates(Stream stream) : stream_(stream) {}

  /// Adds the states of a layer, of spec.state_rows rows, and returns them: one (state_rows, units) for each state of
  /// its cell.
  std::vector<Tensor> add_layer(const RecurrenceSpec& spec);

  /// Gives the first `count` of these slots the rest state. `slots` (max_rows) is i64, on the device.
  void begin(const Tensor& slots, std::int64_t count) const;

  /// Bytes of one stream's states, layer after layer.
  std::size_t slot_bytes() const;
  void read(std::int64_t slot, std::span<std::byte> bytes) const;
  void read_rest(std::span<std::byte> bytes) const;
  void write(std::int64_t slot, std::span<const std::byte> bytes) const;

  /// Makes the state of a slot the rest state.
  void save_rest(std::int64_t slot) const;
  void clear_rest() const;

 private:
  struct State {
    Tensor rows;  ///< (state_rows, units)
    Tensor rest;  ///< (1, units)
    std::size_t row_bytes() const { return static_cast<std::size_t>(rows.size(1)) * size_of(rows.dtype()); }
    std::byte* row(std::int64_t slot) const {
      return static_cast<std::byte*>(rows.data()) + static_cast<std::size_t>(slot) * row_bytes();
    }
    std::byte* rest_row() const { return static_cast<std::byte*>(rest.data()); }
  };

  /// Copies a row of each state, from where `row_of` says, one after the other.
  template <typename RowOf>
  void read_rows(std::span<std::byte> bytes, const RowOf& row_of) const;
  void copy(void* target, const void* source, std::size_t bytes) const;
  void wait() const;

  const Stream stream_;
  std::vector<State> states_;
};

}  // namespace rondo
