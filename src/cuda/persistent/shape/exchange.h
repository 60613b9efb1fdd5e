/// What the exchanges between blocks need to know. Floor 4.
#pragma once

#include "cuda/device/words.h"
#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// Memory of GridExchange, which outlives a run: `epochs` counts exchanges through all runs, so that what an earlier
/// one left is never taken for what this one waits for. After a run that has stalled it must be made anew.
struct GridMemory {
  void* words = nullptr;            ///< as grid_memory_size says
  std::uint32_t* epochs = nullptr;  ///< [team], 1 or more at first
};

/// Where a thread stands: which unit it computes, and what its block shares.
struct ExchangePlace {
  const PersistentShape& shape;
  const SharedLayout& layout;
  const GridMemory& memory;
  int team = 0;
  int block = 0;                         ///< of the team
  int rows = 0;                          ///< of this team
  int unit = 0;                          ///< of the block
  int row = 0;                           ///< of the team: the thread's first
  std::uint32_t* operands = nullptr;     ///< rows of h in shared memory, zeros at first
  std::byte* barriers = nullptr;         ///< kBarrierBytes of shared memory, aligned to 16
  const std::uint32_t* flags = nullptr;  ///< RecurrenceBuffers::flags
};

/// The size of GridMemory::words in words of 4 bytes, and what each of them is at first.
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
