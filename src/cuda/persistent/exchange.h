/// What the exchanges between blocks need to know. Floor 4.
#pragma once

#include "cuda/device/words.h"
#include "cuda/persistent/persistent_shape.h"

namespace rondo {

/// Whether a word of h goes through global memory together with the number of its exchange. Words alone are half the
/// bytes, which count where there are many rows; but then somebody has to make room for the next ones.
RONDO_HOST_DEVICE constexpr bool numbered_words(int row_tiles) { return row_tiles == 1; }

/// Memory of GridExchange, which outlives a run: `epochs` counts exchanges through all runs, so that what an earlier
/// one left is never taken for what this one waits for. After a run that has stalled it must be made anew.
struct GridMemory {
  void* words = nullptr;            ///< as grid_memory_size says
  std::uint32_t* epochs = nullptr;  ///< [team], 1 or more at first
};

/// Where a thread stands: which unit it computes, and what its block shares.
struct ExchangePlace {
  const PersistentShape& shape;
  const GridMemory& memory;
  int team = 0;
  int block = 0;                         ///< of the team
  int rows = 0;                          ///< of this team
  int unit = 0;                          ///< of the block
  std::uint32_t* operands = nullptr;     ///< rows of h in shared memory, zeros at first
  std::byte* barriers = nullptr;         ///< kBarrierBytes of shared memory, aligned to 16
  const std::uint32_t* flags = nullptr;  ///< RecurrenceBuffers::flags
};

/// Pairs of words of one exchange of a team.
RONDO_HOST_DEVICE inline std::int32_t exchange_pairs(const PersistentShape& shape) {
  return shape.row_words() / 2 * shape.padded_rows();
}

/// The size of GridMemory::words in words of 4 bytes, and what each of them is at first.
struct GridMemorySize {
  std::int64_t words = 0;
  std::int32_t fill = 0;
};
RONDO_HOST_DEVICE inline GridMemorySize grid_memory_size(const PersistentShape& shape) {
  const std::int64_t pairs = std::int64_t{shape.teams} * exchange_pairs(shape);
  // Two places of two packets of two words; or four places of two words that have not come.
  return numbered_words(shape.row_tiles) ? GridMemorySize{pairs * 8, 0} : GridMemorySize{pairs * 8, -1};
}

}  // namespace rondo
