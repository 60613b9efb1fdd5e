/// Which words of the recurrent kernel a lane holds, and in which order they are packed for it. Floor 4.
///
/// For each tile along k a lane holds kVectors times 4 words, for the kTileUnits units of its warp in all gates. Strict
/// products (float) have no tensor cores: there, a lane has rows of its own among the (gate, unit) pairs of a phase,
/// kWarpLanes pairs for each slot, and two vectors with the 8 words of the tile for each.
#pragma once

#include <type_traits>

#include "cuda/device/launch_config.h"
#include "cuda/persistent/numbers.h"
#include "cuda/persistent/persistent_shape.h"

namespace rondo {

/// Slots of a phase in strict products.
template <typename Formula, int kPhase>
inline constexpr int kPhaseSlots =
    (Phase<Formula, kPhase>::kGates * kTileUnits + device::kWarpLanes - 1) / device::kWarpLanes;

/// A word of the recurrent kernel, seen from a warp and a tile along k.
struct TileWord {
  int gate = 0;  ///< kGates or more: there is none
  int unit = 0;
  int word = 0;
};

template <typename Formula, typename Operand>
struct TileLayout {
  static constexpr int kVectors = Formula::kGates;

  /// Word i of a vector: as device::mma takes it.
  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    return {vector, lane / 4 + i % 2 * (device::kTileRows / 2), lane % 4 + i / 2 * (device::kTileWords / 2)};
  }
};

template <typename Formula>
struct TileLayout<Formula, float> {
  static constexpr int kFirstSlots = kPhaseSlots<Formula, 0>;
  static constexpr int kSlots = kFirstSlots + (kPhases<Formula> == 2 ? kPhaseSlots<Formula, 1> : 0);
  static constexpr int kVectors = 2 * kSlots;

  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    const int slot = vector / 2;
    const bool second = slot >= kFirstSlots;
    const int pair = (second ? slot - kFirstSlots : slot) * device::kWarpLanes + lane;
    const int gate = (second ? Phase<Formula, 1>::kFirstGate : 0) + pair / kTileUnits;
    return {!second && gate >= Phase<Formula, 0>::kGates ? Formula::kGates : gate, pair % kTileUnits,
            vector % 2 * 4 + i};
  }
};

/// Tiles that a lane keeps in registers; those beyond lie in shared memory. Found by compiling: with more, registers
/// spill. Strict products need more of them for other things, and so do more rows.
template <typename Operand>
RONDO_HOST_DEVICE constexpr int resident_tiles(int vectors, int row_tiles) {
  const int most_tiles = row_tiles == 4 ? 6 : 16;  // whose operands are in registers, too
  constexpr int kMostVectors = std::is_same_v<Operand, float> ? 28 : 32;
  const int most_vectors = row_tiles == 1 ? kMostVectors : (row_tiles == 2 ? 26 : 15);
  const int tiles = most_vectors / vectors;
  return tiles < most_tiles ? tiles : most_tiles;
}

/// What a block keeps, apart from its shape.
struct BlockNeeds {
  int vectors = 0;         ///< of a tile: TileLayout::kVectors
  int resident = 0;        ///< tiles in registers
  int gates = 0;           ///< of the phase with most of them
  int operand_places = 1;  ///< copies of the rows of h in shared memory
  int sum_places = 1;      ///< copies of the sums of all warps
};

template <typename Formula, typename Operand>
RONDO_HOST_DEVICE BlockNeeds block_needs(const PersistentShape& shape) {
  constexpr int kVectors = TileLayout<Formula, Operand>::kVectors;
  constexpr bool kStrict = std::is_same_v<Operand, float>;
  BlockNeeds needs{kVectors, resident_tiles<Operand>(kVectors, shape.row_tiles), Phase<Formula, 0>::kGates};
  // Where a wait is no barrier of the block, a warp may be at its next product while another one still reads the sums
  // of the last: in a cluster, and where tensor cores take packets out of global memory, each warp waiting for its own.
  const bool takes_packets = shape.kind == PersistentKind::grid && !kStrict;
  if (shape.kind == PersistentKind::cluster || takes_packets) needs.sum_places = 2;
  // A cluster pushes into one place while the other one is read.
  if (shape.kind == PersistentKind::cluster) needs.operand_places = 2;
  if (takes_packets) needs.operand_places = 0;
  return needs;
}

/// Where things lie in the shared memory of a block, in bytes.
struct SharedLayout {
  std::size_t operands = 0;  ///< rows of h as products take them
  std::size_t sums = 0;
  std::size_t weights = 0;  ///< tiles that are not in registers
  std::size_t barriers = 0;
  std::size_t bytes = 0;
};

/// Tiles of a warp that are not in registers.
RONDO_HOST_DEVICE inline std::int32_t shared_tiles(const PersistentShape& shape, int resident) {
  return shape.warp_tiles() > resident ? shape.warp_tiles() - resident : 0;
}

RONDO_HOST_DEVICE inline std::size_t operand_bytes(const PersistentShape& shape) {
  return sizeof(std::uint32_t) * static_cast<std::size_t>(shape.padded_rows() * shape.row_stride());
}

/// Sums of all warps for a product: [k_warps][padded rows][gate][unit].
RONDO_HOST_DEVICE inline std::int32_t sum_count(const PersistentShape& shape, int gates) {
  return shape.k_warps * shape.padded_rows() * shape.sum_stride(gates);
}

RONDO_HOST_DEVICE inline SharedLayout shared_layout(const PersistentShape& shape, const BlockNeeds& needs) {
  constexpr std::size_t kVectorBytes = 16;
  constexpr std::size_t kBarrierBytes = 32;
  const auto product = [](std::int32_t a, std::int32_t b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  };
  SharedLayout layout;
  layout.sums = operand_bytes(shape) * static_cast<std::size_t>(needs.operand_places);
  layout.weights = layout.sums + sizeof(float) * product(needs.sum_places, sum_count(shape, needs.gates));
  layout.barriers =
      layout.weights + kVectorBytes * product(shape.threads(), shared_tiles(shape, needs.resident) * needs.vectors);
  layout.bytes = layout.barriers + kBarrierBytes;
  return layout;
}

}  // namespace rondo
