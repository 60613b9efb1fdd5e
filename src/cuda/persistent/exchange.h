/// What the exchanges between blocks need to know. Floor 4.
#pragma once

#include "cuda/device/words.h"
#include "cuda/persistent/persistent_shape.h"

namespace rondo {

/// Memory of GridExchange, which outlives a run: `epochs` counts exchanges through all runs, so that what an earlier
/// one left is never taken for what this one waits for.
struct GridMemory {
  device::PacketPair* packets = nullptr;  ///< [team][2], each as in packet_operands.cuh
  std::uint32_t* epochs = nullptr;        ///< [team], 1 or more at first, where packets are zeros
};

/// Where a thread stands: which unit it computes, and what its block shares.
struct ExchangePlace {
  const PersistentShape& shape;
  const GridMemory& memory;
  int team = 0;
  int block = 0;                      ///< of the team
  int rows = 0;                       ///< of this team
  int unit = 0;                       ///< of the block
  std::uint32_t* operands = nullptr;  ///< rows of h in shared memory, zeros at first
  std::byte* barriers = nullptr;      ///< 32 bytes of shared memory, aligned to 16
};

/// Pairs of packets of one exchange of a team.
RONDO_HOST_DEVICE inline std::int32_t exchange_pairs(const PersistentShape& shape) {
  return shape.row_words() / 2 * shape.padded_rows();
}

}  // namespace rondo
