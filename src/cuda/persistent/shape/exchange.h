/// What the exchanges between blocks are told.
#pragma once

#include "cuda/device/words.h"
#include "cuda/persistent/shape/shared_layout.h"

namespace rondo {

/// The memory of GridExchange and ThreesExchange, which outlives a run. `epochs` counts exchanges through all runs, so
/// that a run never takes the words of an earlier run for its own. After a stalled run the memory must be made anew.
struct GridMemory {
  void* words = nullptr;            ///< of the size that grid_memory_size gives
  std::uint32_t* epochs = nullptr;  ///< [team], 1 or more at first
};

/// The place of a thread: the unit that it computes, and what its block shares.
struct ExchangePlace {
  const PersistentShape& shape;
  const SharedLayout& layout;
  const GridMemory& memory;
  int team = 0;
  int block = 0;                         ///< its index in the team
  int rows = 0;                          ///< how many this team has
  int unit = 0;                          ///< the thread's, among those of the block
  int row = 0;                           ///< the thread's first, among those of the team
  std::uint32_t* operands = nullptr;     ///< rows of h in shared memory, zeros at first
  std::byte* barriers = nullptr;         ///< kBarrierBytes of shared memory, aligned to 16
  const std::uint32_t* flags = nullptr;  ///< RecurrenceBuffers::flags
};

/// From the words of the first gate in a row in shared memory to those of gate kGate.
template <int kGate>
RONDO_HOST_DEVICE constexpr int gate_bytes(const SharedLayout& layout) {
  constexpr int kTileBytes = device::kTileWords * static_cast<int>(sizeof(std::uint32_t));
  return kGate == 0 ? 0 : kGate * layout.pushed_tiles * kTileBytes;
}

/// The size of GridMemory::words in words of 4 bytes, and the first value of each word.
struct GridMemorySize {
  std::int64_t words = 0;
  std::int32_t fill = 0;
};
RONDO_HOST_DEVICE inline GridMemorySize grid_memory_size(const PersistentShape& shape) {
  const bool alone = shape.words == GridWords::alone;
  const std::int64_t places = alone ? kSentinelPlaces : kNumberedPlaces;
  // Words alone wait for a certain NaN to be replaced: all bits are set (grid_words.cuh).
  return {shape.teams * places * exchange_bytes(shape) / 4, alone ? -1 : 0};
}

}  // namespace rondo
