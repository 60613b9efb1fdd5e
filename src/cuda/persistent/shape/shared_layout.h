/// What a block keeps in shared memory, and where.
#pragma once

#include "cuda/persistent/shape/register_budget.h"

namespace rondo {

/// Tiles that are in flight from memory while others are multiplied: as many as hide the latency of memory.
inline constexpr int kStreamPlaces = 3;

/// Passes whose rows of x are in shared memory or in flight, and copies of the sums of x W. persistent_kernel.cuh says
/// why two are enough.
inline constexpr int kInputPlaces = 2;

/// Sizes of what a block keeps that its shape does not tell.
struct BlockNeeds {
  int vectors = 0;         ///< TileLayout::kVectors of a tile
  int term_vectors = 0;    ///< in the term with the most vectors
  int resident = 0;        ///< tiles in registers
  int gates = 0;           ///< in the phase with the most gates
  int input_gates = 0;     ///< all gates, for x W
  int pass_rows = 0;       ///< rows of a product
  int operand_places = 1;  ///< copies of the rows of h in shared memory
  int sum_places = 1;      ///< copies of the sums of all warps
};

template <typename Formula, typename Operand, int kOctets>
RONDO_HOST_DEVICE BlockNeeds block_needs(const PersistentShape& shape) {
  using Layout = TileLayout<Formula, Operand, kOctets>;
  constexpr bool kStrict = std::is_same_v<Operand, float>;
  int resident = resident_tiles<Formula, Operand, false>(Layout::kVectors, shape.row_tiles, shape.streams, shape.kind);
  if (shape.keeps) {
    resident = resident_tiles<Formula, Operand, true>(Layout::kVectors, shape.row_tiles, shape.streams, shape.kind);
  }
  BlockNeeds needs{.vectors = Layout::kVectors,
                   .term_vectors = Layout::template kTermVectors<0>,
                   .resident = resident,
                   .gates = kPhaseGates<Formula, 0>,
                   .input_gates = Formula::kGates,
                   .pass_rows = pass_tiles<Operand>(shape.kind, shape.row_tiles) * device::kTileColumns};
  // Where a wait is no barrier of the block, a warp may begin its next product while another warp still reads the sums
  // of the last one, so that sums need two places. That is so in a cluster, and where tensor cores take h from global
  // memory and each warp waits for its own part. There, the shape may use one place, which leaves room for weights.
  const bool takes_words = shape.kind == PersistentKind::grid && !kStrict;
  if (shape.kind == PersistentKind::cluster) needs.sum_places = 2;
  if (takes_words) needs.sum_places = shape.sum_places;
  // A cluster pushes into one place while the other one is read. A block that scatters writes the dG of its own units
  // into one place while a slow warp still multiplies the other.
  if (shape.kind == PersistentKind::cluster) needs.operand_places = 2;
  if (takes_words) needs.operand_places = 0;
  return needs;
}

/// Bytes of an exchange's two barriers and StallPlace.
inline constexpr std::size_t kBarrierBytes = 48;

/// How sums lie in shared memory, [part][row of a pass][unit][gate], in floats, and how lanes add them up. The parts
/// are PersistentShape::sum_parts.
struct SumLayout {
  std::int32_t row = 0;      ///< from the sums of a row to those of the next
  std::int32_t part = 0;     ///< from the sums of a part to those of the next
  std::int32_t lanes = 1;    ///< lanes that share a unit of a row: PersistentShape::unit_lanes
  std::int32_t shuffle = 0;  ///< from one of two such lanes to the other; 0: one lane has the unit alone
  std::int32_t parts = 1;    ///< how many of the parts each such lane adds up
};

/// The layout for sums of `gates` gates, in passes of `pass_rows` rows.
RONDO_HOST_DEVICE constexpr SumLayout sum_layout(const PersistentShape& shape, int gates, int pass_rows) {
  const std::int32_t row = shape.sum_stride(gates);
  const std::int32_t lanes = shape.unit_lanes(pass_rows);
  return {.row = row,
          .part = pass_rows * row,
          .lanes = lanes,
          .shuffle = lanes == 2 ? shape.units() : 0,
          .parts = shape.sum_parts() / lanes};
}

/// Where things lie in the shared memory of a block, in bytes. The struct also has figures that every step needs,
/// because a kernel has it in constant memory.
struct SharedLayout {
  std::size_t operands = 0;  ///< rows of h as products take them
  std::size_t sums = 0;
  std::size_t weights = 0;  ///< tiles that stay in shared memory
  std::size_t stream = 0;   ///< kStreamPlaces tiles of each warp
  std::size_t input_weights = 0;
  std::size_t input_rows = 0;  ///< kInputPlaces of each warp
  std::size_t input_sums = 0;  ///< kInputPlaces
  std::size_t barriers = 0;
  std::size_t bytes = 0;
  SumLayout sum_layout;              ///< for the phase with the most gates
  std::uint32_t exchange_bytes = 0;  ///< bytes of one exchange of a team of a grid
  std::int32_t pushed_tiles = 0;     ///< PersistentShape::pushed_tiles
  std::int32_t operand_row = 0;      ///< from a row of h in shared memory to the next, in bytes
  std::int32_t operand_place = 0;    ///< from a copy of these rows to the next, in bytes
  bool missing_octet = false;  ///< whether, in 16 bits, no block has the units of the second half of the last tile of h
};

/// Tiles of a warp that stay in shared memory.
RONDO_HOST_DEVICE inline std::int32_t shared_tiles(const PersistentShape& shape, int resident) {
  const std::int32_t tiles = shape.warp_tiles() - resident - shape.streamed_tiles;
  return tiles > 0 ? tiles : 0;
}

/// Bytes of `rows` rows of h in shared memory.
RONDO_HOST_DEVICE inline std::size_t operand_bytes(const PersistentShape& shape, int rows) {
  return sizeof(std::uint32_t) * static_cast<std::size_t>(rows * shape.row_stride());
}

/// How many sums a block adds up after a product: [part][row of the pass][unit][gate].
RONDO_HOST_DEVICE inline std::int32_t sum_count(const PersistentShape& shape, const BlockNeeds& needs) {
  return shape.sum_parts() * needs.pass_rows * shape.sum_stride(needs.gates);
}

/// From a row of x in a warp's place to the next, in words: as row_stride, but for the tiles of one warp.
RONDO_HOST_DEVICE inline std::int32_t input_stride(const PersistentShape& shape) {
  return shape.of_inputs().warp_tiles() * device::kTileWords + 4;
}

/// Words of a warp's place for rows of x.
RONDO_HOST_DEVICE inline std::int32_t input_place_words(const PersistentShape& shape, int pass_rows) {
  return pass_rows * input_stride(shape);
}

/// How many sums of x W a pass has: [input_k_warps][row of the pass][unit][gate].
RONDO_HOST_DEVICE inline std::int32_t input_sum_count(const PersistentShape& shape, const BlockNeeds& needs) {
  return shape.input_k_warps * needs.pass_rows * shape.sum_stride(needs.input_gates);
}

RONDO_HOST_DEVICE inline SharedLayout shared_layout(const PersistentShape& shape, const BlockNeeds& needs) {
  constexpr std::size_t kVectorBytes = 16;
  const auto product = [](std::int32_t a, std::int32_t b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  };
  SharedLayout layout;
  layout.sums = operand_bytes(shape, needs.pass_rows) * static_cast<std::size_t>(needs.operand_places);
  layout.weights = layout.sums + sizeof(float) * product(needs.sum_places, sum_count(shape, needs));
  layout.stream =
      layout.weights + kVectorBytes * product(shape.threads(), shared_tiles(shape, needs.resident) * needs.vectors);
  const std::int32_t places = shape.streamed_tiles > 0 ? kStreamPlaces : 0;
  layout.input_weights = layout.stream + kVectorBytes * product(shape.threads(), places * needs.term_vectors);
  layout.input_rows = layout.input_weights;
  layout.barriers = layout.input_weights;
  if (shape.multiplies_inputs()) {
    const PersistentShape inputs = shape.of_inputs();
    layout.input_rows += kVectorBytes * product(inputs.threads(), inputs.warp_tiles() * needs.vectors);
    layout.input_sums = layout.input_rows + sizeof(std::uint32_t) * product(kInputPlaces * inputs.warps(),
                                                                            input_place_words(shape, needs.pass_rows));
    layout.barriers = layout.input_sums + sizeof(float) * product(kInputPlaces, input_sum_count(shape, needs));
  }
  layout.bytes = layout.barriers + kBarrierBytes;
  layout.operand_row = static_cast<std::int32_t>(operand_bytes(shape, 1));
  layout.operand_place = static_cast<std::int32_t>(operand_bytes(shape, needs.pass_rows));
  layout.sum_layout = sum_layout(shape, needs.gates, needs.pass_rows);
  layout.pushed_tiles = shape.pushed_tiles();
  layout.missing_octet = !shape.is_backward() && shape.words != GridWords::threes &&
                         shape.blocks * shape.units() / kOctetUnits < 2 * shape.k_tiles;
  layout.exchange_bytes = static_cast<std::uint32_t>(exchange_bytes(shape));
  return layout;
}

}  // namespace rondo
