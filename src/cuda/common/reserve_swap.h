/// Copies what a run keeps between the device and the host's memory, in chunks.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "cuda/common/kept_rows.h"
#include "cuda/runtime/runtime.h"
#include "recurrence/buffers.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The order in which gradients take chunks.
enum class ChunkOrder : std::uint8_t { first_to_last, last_to_first };

/// Copies the chunks of swapped reserves on a stream of its own, beside the work on the stream of a run. The two wait
/// for each other by events, and a recorded run has both in its graph. All is made by the constructor: a run allocates
/// nothing, and the host waits for nothing. One thread uses it at a time.
class ReserveSwap {
 public:
  /// How many chunks are on the device: one that kernels use, and one that is copied.
  static constexpr int kSlots = 2;

  /// For a spec that swaps its reserve.
  explicit ReserveSwap(const RecurrenceSpec& spec);

  /// Bytes of memory on the device that a run needs for its chunks.
  static std::size_t slot_bytes(const RecurrenceSpec& spec);

  struct Memory {
    const RecurrenceBuffers& buffers;  ///< whose reserve is in the host's memory
    void* slots = nullptr;             ///< slot_bytes of the device
    Stream stream;                     ///< of the run
  };
  using Visit = std::function<void(const KeptRows&)>;

  /// Queues a run: `visit` queues the steps of one chunk after another, whose rows then are copied to the host. The
  /// stream of the run waits for all copies.
  void write(const Memory& memory, const Visit& visit);

  /// Queues work over all chunks: `visit` queues that of a chunk, while the next one is fetched.
  void read(const Memory& memory, ChunkOrder order, const Visit& visit);

 private:
  void* host_chunk(const Memory& memory, std::int64_t chunk) const;
  void* slot_of(const Memory& memory, std::int64_t turn) const;
  KeptRows kept(const Memory& memory, std::int64_t turn, std::int64_t chunk) const;
  void fetch(const Memory& memory, std::int64_t turn, std::int64_t chunk);

  const RecurrenceSpec spec_;
  const ReserveLayout layout_;
  cuda_runtime::OwnedStream copies_;
  // Of each slot: when the run's stream has last used it, and when it was last copied.
  std::array<cuda_runtime::Event, kSlots> used_;
  std::array<cuda_runtime::Event, kSlots> copied_;
};

}  // namespace rondo
