/// What a block of a persistent kernel keeps where, asked by the host. Floor 4.
#pragma once

#include "cuda/persistent/tile_layout.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

/// Bytes of the recurrent kernel in a block, and of shared memory altogether.
struct BlockBytes {
  std::size_t register_weights = 0;
  std::size_t shared_weights = 0;
  std::size_t shared = 0;
};

template <typename Operand>
BlockBytes block_bytes(const CellSpec& cell, const PersistentShape& shape) {
  return dispatch_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) {
    constexpr int kVectors = TileLayout<Formula, Operand>::kVectors;
    constexpr std::int32_t kTileBytes = 16 * device::kWarpLanes * kVectors;  // of a warp
    const int resident = resident_tiles<Operand>(kVectors, shape.row_tiles);
    const std::int32_t in_shared = shared_tiles(shape, resident);
    const std::int32_t tiles = shape.warps() * kTileBytes;
    return BlockBytes{.register_weights = static_cast<std::size_t>(tiles * (shape.warp_tiles() - in_shared)),
                      .shared_weights = static_cast<std::size_t>(tiles * in_shared),
                      .shared = shared_layout(shape, kVectors, resident, Phase<Formula, 0>::kGates).bytes};
  });
}

}  // namespace rondo
