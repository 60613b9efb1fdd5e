/// What a block of a persistent kernel keeps where, asked by the host. Floor 4.
#pragma once

#include "cuda/persistent/tile_layout.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

/// Bytes of the recurrent kernel in a block, of rows of h, and of shared memory altogether.
struct BlockBytes {
  std::size_t register_weights = 0;
  std::size_t shared_weights = 0;
  std::size_t operands = 0;
  std::size_t shared = 0;
};

template <typename Operand>
BlockBytes block_bytes(const CellSpec& cell, const PersistentShape& shape) {
  return dispatch_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) {
    const BlockNeeds needs = block_needs<Formula, Operand>(shape);
    const std::int32_t in_shared = shared_tiles(shape, needs.resident);
    const std::int32_t tile_bytes = 16 * shape.threads() * needs.vectors;
    return BlockBytes{.register_weights = static_cast<std::size_t>(tile_bytes * (shape.warp_tiles() - in_shared)),
                      .shared_weights = static_cast<std::size_t>(tile_bytes * in_shared),
                      .operands = operand_bytes(shape) * static_cast<std::size_t>(needs.operand_places),
                      .shared = shared_layout(shape, needs).bytes};
  });
}

}  // namespace rondo
