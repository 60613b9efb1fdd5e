#include "serving/pool_states.h"

#include <cstring>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "serving/row_moves.h"

namespace rondo {

std::vector<Tensor> PoolStates::add_layer(const RecurrenceSpec& spec) {
  const StreamScope scope(stream_);
  std::vector<Tensor> added;
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    const std::int64_t units = state_units(spec.cell, k);
    states_.push_back({.rows = Tensor::zeros({spec.state_rows, units}, spec.dtype, spec.device),
                       .rest = Tensor::zeros({1, units}, spec.dtype, spec.device)});
    added.push_back(states_.back().rows);
  }
  return added;
}

void PoolStates::begin(const Tensor& slots, std::int64_t count) const {
  if (count == 0) return;
  for (const State& state : states_) {
    const Tensor repeated = state.rest.broadcast_to({count, state.rest.size(1)});
    move_rows(
        {.source = repeated, .from = nullptr, .target = state.rows, .to = slots.data<std::int64_t>(), .rows = count},
        stream_);
  }
}

std::size_t PoolStates::slot_bytes() const {
  std::size_t bytes = 0;
  for (const State& state : states_) bytes += state.row_bytes();
  return bytes;
}

template <typename RowOf>
void PoolStates::read_rows(std::span<std::byte> bytes, const RowOf& row_of) const {
  std::byte* target = bytes.data();
  for (const State& state : states_) {
    copy(target, row_of(state), state.row_bytes());
    target += state.row_bytes();
  }
  wait();
}

void PoolStates::read(std::int64_t slot, std::span<std::byte> bytes) const {
  read_rows(bytes, [slot](const State& state) { return state.row(slot); });
}

void PoolStates::read_rest(std::span<std::byte> bytes) const {
  read_rows(bytes, [](const State& state) { return state.rest_row(); });
}

void PoolStates::write(std::int64_t slot, std::span<const std::byte> bytes) const {
  const std::byte* source = bytes.data();
  for (const State& state : states_) {
    copy(state.row(slot), source, state.row_bytes());
    source += state.row_bytes();
  }
  wait();  // the bytes are the caller's
}

void PoolStates::save_rest(std::int64_t slot) const {
  for (const State& state : states_) copy(state.rest_row(), state.row(slot), state.row_bytes());
}

void PoolStates::clear_rest() const {
  const StreamScope scope(stream_);
  for (const State& state : states_) state.rest.fill(0);
}

void PoolStates::copy(void* target, const void* source, std::size_t bytes) const {
  if (stream_.device != cpu()) return cuda_runtime::copy(target, source, bytes, stream_);
  std::memcpy(target, source, bytes);
}

void PoolStates::wait() const {
  if (stream_.device != cpu()) cuda_runtime::synchronize(stream_);
}

}  // namespace rondo
