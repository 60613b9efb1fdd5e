/// States of thousands of streams through one network, of which each call steps those that have input.
///
/// A pool has a fixed number of slots, each with the states of all layers for one stream. A call names the slots that
/// have input and how many steps each has; kernels read and write the states where they lie, by slot. Whatever slot a
/// stream has, whichever streams share its calls, and however its input is cut into chunks: its outputs have the same
/// bits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/plan/network.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// What StatePool::open does when no slot is free.
enum class EvictionPolicy : std::uint8_t {
  never,               ///< it throws
  least_recently_used  ///< it evicts the stream whose last call is the longest ago
};

/// Why a stream lost its slot without StatePool::close.
enum class EvictionReason : std::uint8_t {
  no_free_slot,  ///< another stream needed the slot
  idle           ///< StatePool::evict_idle
};

/// Options of a StatePool.
struct StatePoolOptions {
  std::int64_t slots = 0;     ///< the most streams at a time
  std::int64_t max_rows = 0;  ///< the most chunks a call, at most `slots`
  /// The most steps of a chunk. Memory is planned for 64 of them at most. On a CUDA device every call costs what
  /// max_rows chunks of that many steps cost: 1 is the fastest where most calls have one step.
  std::int64_t max_steps = 1;
  Device device = {};
  NetworkOptions network = {};  ///< executor, graph_use, never_waits and threads of all calls
  EvictionPolicy eviction = EvictionPolicy::never;
  /// Called before a stream's state is lost by an eviction; it may call `export_state` of the slot, and nothing else of
  /// the pool.
  std::function<void(std::int64_t slot, EvictionReason reason)> on_eviction = {};
};

/// The part of one stream in a call. A slot is in at most one chunk of a call.
struct StreamChunk {
  std::int64_t slot = 0;   ///< as StatePool::open returned it
  std::int64_t steps = 1;  ///< 1 to max_steps: the rows of the chunk in x and y
  bool start = false;      ///< the stream begins anew: the slot's states become the rest state before the first step
  bool end = false;        ///< the stream ends: the slot is free after the call, as by StatePool::close
};

/// The states of many streams, with the plans, weights and memory that their calls need. The constructor plans and
/// packs everything for every number of rows: no call plans, packs or allocates. One thread uses a pool at a time.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("forecast.safetensors"), {.prefix = "lstm."});
/// StatePool pool(network, {.slots = 1000, .max_rows = 64});
/// std::vector<StreamChunk> chunks = {{.slot = pool.open()}, {.slot = pool.open()}};
/// Tensor x = Tensor::full({2, network.input_features()}, 0.1, DType::f32);  // one row for each chunk of one step
/// Tensor y = Tensor::empty({2, network.output_features()}, DType::f32);
/// pool.run(chunks, x, y);
/// @endcode
class StatePool {
 public:
  /// Throws `ValueError` for a layer that reads in reverse, whose stream would have to end before it began, for sizes
  /// below 1, for more rows than slots, and as NetworkPlan::create.
  StatePool(const LoadedNetwork& network, const StatePoolOptions& options);
  ~StatePool();
  StatePool(StatePool&&) noexcept;
  StatePool& operator=(StatePool&&) noexcept;

  /// Takes a free slot, at the rest state. With none free: evicts, or throws `RuntimeError` naming `slots`.
  [[nodiscard]] std::int64_t open();
  /// Frees a slot. Throws `ValueError` for a slot that is not open.
  void close(std::int64_t slot);
  bool is_open(std::int64_t slot) const;
  std::int64_t open_slots() const;

  /// Steps the streams of `chunks`. `x` (N, I) has the rows of the first chunk, then those of the second one, and so
  /// on; `y` (N, O) is written likewise. Both have the pool's dtype and device. On a CUDA device the work is queued on
  /// the current stream of the pool's creation. Before anything runs or changes, throws `ValueError` naming the chunk
  /// or the tensor, what came and what was expected: a slot that is not open or comes twice, steps out of range, more
  /// chunks than `max_rows`, rows of x or y that are not the sum of the steps.
  void run(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y);
  /// Waits for the calls so far and tells what the device found in them: NetworkSession::finish. After a stall the
  /// streams of the calls since the last `finish` hold NaN: they begin anew, or their states are imported.
  SessionStatus finish();

  /// The state of a slot as bytes: a version, the fingerprint of the model, and the states. Waits for the calls so far.
  [[nodiscard]] std::vector<std::byte> export_state(std::int64_t slot) const;
  /// Gives an open slot a state that a pool of the same model exported, in this process or in another one: the stream
  /// goes on with the same bits where the executor is the same. The bytes are checked in full before anything changes:
  /// throws `ValueError` for those of another version, model or length, and for damaged ones.
  void import_state(std::int64_t slot, std::span<const std::byte> bytes);
  /// Throws as import_state does for such bytes, and changes nothing. Any thread may call it, also during a call.
  void check_state(std::span<const std::byte> bytes) const;

  /// Makes the present state of a slot the rest state, with which streams begin from now on: also those whose slot is
  /// open and that have not had a step yet.
  void save_rest_state(std::int64_t slot);
  /// Makes the rest state zeros again.
  void clear_rest_state();

  /// Evicts the streams whose last call, or `open`, is longer ago than `idle`. Returns how many.
  std::int64_t evict_idle(std::chrono::nanoseconds idle);

  const StatePoolOptions& options() const;
  DType dtype() const;
  std::int64_t input_features() const;
  std::int64_t output_features() const;
  /// A number that differs between models: of layers, cells, dtype and the bytes of all weights.
  std::uint64_t fingerprint() const;
  /// Bytes of all states, and of one stream's.
  std::size_t state_bytes() const;
  std::size_t slot_bytes() const;
  /// What runs the calls, and why: NetworkPlan::explain.
  std::string explain() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
