/// Which words of the recurrent kernel a lane holds, and in which order they are packed for it. Floor 4.
///
/// For each tile along k a lane holds kVectors times 4 words, for the units of its warp in all gates: kPhaseVectors of
/// them for each phase. Pairs of (gate, octet) stand below each other, and a vector has two of them. Strict products
/// (float) have no tensor cores: there, a lane has rows of its own among the (gate, unit) pairs of a phase, kWarpLanes
/// pairs for each slot, and two vectors with the 8 words of the tile for each.
#pragma once

#include <type_traits>

#include "cuda/device/launch_config.h"
#include "cuda/persistent/shape/operand_traits.h"
#include "cuda/persistent/shape/persistent_shape.h"

namespace rondo {

/// A word of the recurrent kernel, seen from a warp and a tile along k.
struct TileWord {
  int gate = 0;  ///< kGates or more: there is none
  int unit = 0;
  int word = 0;
};

template <typename Formula, typename Operand, int kOctets>
struct TileLayout {
  template <int kPhase>
  static constexpr int kPhaseVectors = (kPhaseGates<Formula, kPhase> * kOctets + 1) / 2;
  static constexpr int kVectors = kPhaseVectors<0> + kPhaseVectors<1>;

  /// Word i of a vector: as device::mma takes it.
  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    const bool second = vector >= kPhaseVectors<0>;
    const int pair = (second ? vector - kPhaseVectors<0> : vector) * 2 + i % 2;
    const int gate = pair / kOctets;
    const bool exists = gate < (second ? kPhaseGates<Formula, 1> : kPhaseGates<Formula, 0>);
    return {exists ? (second ? kPhaseGates<Formula, 0> : 0) + gate : Formula::kGates,
            pair % kOctets * kOctetUnits + lane / 4, lane % 4 + i / 2 * (device::kTileWords / 2)};
  }
};

/// Slots of a phase in strict products.
template <typename Formula, int kOctets, int kPhase>
inline constexpr int kPhaseSlots =
    (kPhaseGates<Formula, kPhase> * kOctets * kOctetUnits + device::kWarpLanes - 1) / device::kWarpLanes;

template <typename Formula, int kOctets>
struct TileLayout<Formula, float, kOctets> {
  template <int kPhase>
  static constexpr int kPhaseVectors = 2 * kPhaseSlots<Formula, kOctets, kPhase>;
  static constexpr int kVectors = kPhaseVectors<0> + kPhaseVectors<1>;

  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    constexpr int kFirstSlots = kPhaseSlots<Formula, kOctets, 0>;
    constexpr int kUnits = kOctets * kOctetUnits;
    const int slot = vector / 2;
    const bool second = slot >= kFirstSlots;
    const int pair = (second ? slot - kFirstSlots : slot) * device::kWarpLanes + lane;
    const int gate = pair / kUnits;
    const bool exists = gate < (second ? kPhaseGates<Formula, 1> : kPhaseGates<Formula, 0>);
    return {exists ? (second ? kPhaseGates<Formula, 0> : 0) + gate : Formula::kGates, pair % kUnits,
            vector % 2 * 4 + i};
  }
};

template <typename Formula, typename Operand>
inline constexpr RecurrentProduct kRecurrentProduct = {
    .gates = Formula::kGates,
    .phases = kPhases<Formula>,
    .operand_bytes = static_cast<int>(sizeof(typename OperandTraits<Operand>::Element)),
    .strict = std::is_same_v<Operand, float>};

/// Rows of a strict product that share a reading of the weights, at most; a divisor of device::kTileColumns. A cell
/// with two phases has no registers for the sums of more.
RONDO_HOST_DEVICE constexpr int rows_together(int phases) { return phases == 2 ? 4 : 8; }

/// Row tiles that one product is made for; a grid with more of them makes several products one after the other, a pass
/// for each, so that sums leave registers and shared memory to the weights. Strict products need their rows of h in
/// shared memory, and cost as much together as one by one.
template <typename Operand>
RONDO_HOST_DEVICE constexpr int pass_tiles(PersistentKind kind, int row_tiles) {
  if (kind == PersistentKind::grid && std::is_same_v<Operand, float>) return 1;
  return row_tiles < 2 ? row_tiles : 2;
}

/// What a product is made for, besides its Formula and Operand.
template <typename Exchange, int kOctetsValue, int kRowTilesValue, int kRoomTilesValue, Streams kStreamsValue>
struct ProductSizes {
  static constexpr PersistentKind kKind = Exchange::kKind;
  static constexpr GridWords kWords = Exchange::kWords;
  static constexpr int kOctets = kOctetsValue;
  static constexpr int kRowTiles = kRowTilesValue;    ///< that are multiplied at once
  static constexpr int kRoomTiles = kRoomTilesValue;  ///< PersistentShape::row_tiles
  static constexpr Streams kStreams = kStreamsValue;
  static constexpr int kPasses = kRoomTiles / kRowTiles;
};

/// Vectors that a lane has registers for in strict products. Found by compiling, too: a Formula with more gates, states
/// and phases keeps more besides.
template <typename Formula>
RONDO_HOST_DEVICE constexpr int strict_vectors(int vectors, int row_tiles) {
  if (row_tiles >= 4) return vectors <= 2 || Formula::kBiases == 2 ? 22 : 17;
  const bool many_rows = vectors > 2 && Formula::kBiases == 2 && row_tiles == 2;
  if (kPhases<Formula> == 2 || many_rows) return 22;
  return row_tiles == 1 && vectors <= 2 ? 28 : 26;
}

/// Tiles that a lane keeps in registers. Found by compiling: with more, registers spill. The sums of tensor cores and
/// the words of h that they multiply at once need them, too, and so do more rows.
template <typename Formula, typename Operand>
RONDO_HOST_DEVICE constexpr int resident_tiles(int vectors, int row_tiles, Streams streams) {
  int tiles = 0;
  if constexpr (std::is_same_v<Operand, float>) {
    tiles = strict_vectors<Formula>(vectors, row_tiles) / vectors;
  } else {
    const int split = std::is_same_v<Operand, device::Tf32x3> ? 10 : 0;  // for the two parts of words
    const bool once = streams == Streams::once;
    const bool many_units = Formula::kGates == 1 && vectors > 2;  // whose threads have many rows
    const int of_two_passes = many_units ? 116 : (vectors == 5 ? 132 : 140);
    const int of_many_rows = once ? 110 : (kPhases<Formula> == 2 ? 108 : of_two_passes);
    const int of_one_pass = row_tiles == 1 ? 150 : (kPhases<Formula> == 2 ? 144 : 152);
    const int registers = (row_tiles <= 2 ? of_one_pass : of_many_rows) - split;
    const int pass = row_tiles == 1 ? 1 : 2;
    const int sums = 4 * vectors * (once ? row_tiles : pass);
    tiles = (registers - sums) / (4 * vectors + 2 * pass);
  }
  const int most_tiles = row_tiles >= 4 ? 8 : 12;
  if (tiles < 1) return 1;
  return tiles < most_tiles ? tiles : most_tiles;
}

/// Tiles whose words of h a lane asks for at once: those that are resident, and with few rows, where there are
/// registers for words, some more, so that a warp with a tile or two in shared memory does not wait a second time.
RONDO_HOST_DEVICE constexpr int asked_tiles(int resident, int row_tiles, GridWords words) {
  if (words == GridWords::threes) return (resident + kThreesTiles - 1) / kThreesTiles * kThreesTiles;
  const bool alone = words == GridWords::alone;
  const int most = alone ? 12 : 8;
  const int more = alone ? 4 : 2;
  if (row_tiles > 1 || resident >= most) return resident;
  return resident + more < most ? resident + more : most;
}

/// Tiles on their way from memory while others are multiplied: what the latency of memory asks for.
inline constexpr int kStreamPlaces = 3;

/// Rows of x of so many passes are in shared memory or on their way, and as many copies of the sums of x W. Why two are
/// enough is said in persistent_kernel.cuh.
inline constexpr int kInputPlaces = 2;

/// What a block keeps, apart from its shape.
struct BlockNeeds {
  int vectors = 0;         ///< of a tile: TileLayout::kVectors
  int phase_vectors = 0;   ///< of the phase with most of them
  int resident = 0;        ///< tiles in registers
  int gates = 0;           ///< of the phase with most of them
  int input_gates = 0;     ///< of x W: all
  int pass_rows = 0;       ///< of a product
  int operand_places = 1;  ///< copies of the rows of h in shared memory
  int sum_places = 1;      ///< copies of the sums of all warps
};

template <typename Formula, typename Operand, int kOctets>
RONDO_HOST_DEVICE BlockNeeds block_needs(const PersistentShape& shape) {
  using Layout = TileLayout<Formula, Operand, kOctets>;
  constexpr bool kStrict = std::is_same_v<Operand, float>;
  BlockNeeds needs{.vectors = Layout::kVectors,
                   .phase_vectors = Layout::template kPhaseVectors<0>,
                   .resident = resident_tiles<Formula, Operand>(Layout::kVectors, shape.row_tiles, shape.streams),
                   .gates = kPhaseGates<Formula, 0>,
                   .input_gates = Formula::kGates,
                   .pass_rows = pass_tiles<Operand>(shape.kind, shape.row_tiles) * device::kTileColumns};
  // Where a wait is no barrier of the block, a warp may be at its next product while another one still reads the sums
  // of the last: in a cluster, and where tensor cores take h out of global memory, each warp waiting for its own part
  // (if the room for two places is not better used for weights).
  const bool takes_words = shape.kind == PersistentKind::grid && !kStrict;
  if (shape.kind == PersistentKind::cluster) needs.sum_places = 2;
  if (takes_words) needs.sum_places = shape.sum_places;
  // A cluster pushes into one place while the other one is read.
  if (shape.kind == PersistentKind::cluster) needs.operand_places = 2;
  if (takes_words) needs.operand_places = 0;
  return needs;
}

/// Of the exchange: two barriers and a StallPlace.
inline constexpr std::size_t kBarrierBytes = 48;

/// How the sums of all warps lie in shared memory, [k_warps][row of a pass][unit][gate], in floats, and how lanes add
/// them up.
struct SumLayout {
  std::int32_t row = 0;      ///< from the sums of a row to those of the next
  std::int32_t part = 0;     ///< from the sums of a warp along k to those of the next
  std::int32_t lanes = 1;    ///< that share a unit of a row: PersistentShape::unit_lanes
  std::int32_t shuffle = 0;  ///< from one of two such lanes to the other; 0: there is one
  std::int32_t parts = 1;    ///< that each of them adds up: of k_warps
};

/// Of `gates` gates, in passes of `pass_rows` rows.
RONDO_HOST_DEVICE constexpr SumLayout sum_layout(const PersistentShape& shape, int gates, int pass_rows) {
  const std::int32_t row = shape.sum_stride(gates);
  const std::int32_t lanes = shape.unit_lanes(pass_rows);
  return {.row = row,
          .part = pass_rows * row,
          .lanes = lanes,
          .shuffle = lanes == 2 ? shape.units() : 0,
          .parts = shape.k_warps / lanes};
}

/// Where things lie in the shared memory of a block, in bytes. Figures that every step needs stand beside them: a
/// kernel has this struct in constant memory.
struct SharedLayout {
  std::size_t operands = 0;  ///< rows of h as products take them
  std::size_t sums = 0;
  std::size_t weights = 0;  ///< tiles that stay there
  std::size_t stream = 0;   ///< kStreamPlaces tiles of each warp
  std::size_t input_weights = 0;
  std::size_t input_rows = 0;  ///< kInputPlaces of each warp
  std::size_t input_sums = 0;  ///< kInputPlaces
  std::size_t barriers = 0;
  std::size_t bytes = 0;
  SumLayout sum_layout;              ///< of the phase with most gates
  std::uint32_t exchange_bytes = 0;  ///< of one exchange of a team of a grid
  std::int32_t operand_row = 0;      ///< from a row of h in shared memory to the next, in bytes
  std::int32_t operand_place = 0;    ///< from a copy of these rows to the next, in bytes
  bool missing_octet = false;  ///< in 16 bits, the second half of the last tile of h is of units that no block has
};

/// Tiles of a warp that stay in shared memory.
RONDO_HOST_DEVICE inline std::int32_t shared_tiles(const PersistentShape& shape, int resident) {
  const std::int32_t tiles = shape.warp_tiles() - resident - shape.streamed_tiles;
  return tiles > 0 ? tiles : 0;
}

/// Of so many rows of h.
RONDO_HOST_DEVICE inline std::size_t operand_bytes(const PersistentShape& shape, int rows) {
  return sizeof(std::uint32_t) * static_cast<std::size_t>(rows * shape.row_stride());
}

/// Sums of all warps for a product: [k_warps][row of the pass][unit][gate].
RONDO_HOST_DEVICE inline std::int32_t sum_count(const PersistentShape& shape, const BlockNeeds& needs) {
  return shape.k_warps * needs.pass_rows * shape.sum_stride(needs.gates);
}

/// From a row of x in a warp's place to the next, in words: as row_stride, of the tiles of the warp alone.
RONDO_HOST_DEVICE inline std::int32_t input_stride(const PersistentShape& shape) {
  return shape.of_inputs().warp_tiles() * device::kTileWords + 4;
}

/// Words of such a place.
RONDO_HOST_DEVICE inline std::int32_t input_place_words(const PersistentShape& shape, int pass_rows) {
  return pass_rows * input_stride(shape);
}

/// Sums of x W of a pass: [input_k_warps][row of the pass][unit][gate].
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
  layout.input_weights = layout.stream + kVectorBytes * product(shape.threads(), places * needs.phase_vectors);
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
  layout.missing_octet =
      shape.words != GridWords::threes && shape.blocks * shape.units() / kOctetUnits < 2 * shape.k_tiles;
  layout.exchange_bytes = static_cast<std::uint32_t>(exchange_bytes(shape));
  return layout;
}

}  // namespace rondo
