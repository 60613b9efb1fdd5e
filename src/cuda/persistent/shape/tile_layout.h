/// Which words of the recurrent kernel a lane holds, and in which order they are packed for it.
///
/// For each tile along k a lane holds kVectors vectors of 4 words, for the units of its warp in all gates:
/// kPhaseVectors vectors for each phase. Pairs of (gate, octet) stand below each other, and a vector has two such
/// pairs. Strict products (float) have no tensor cores. There, the (gate, unit) pairs of a phase are dealt to the
/// lanes, kWarpLanes pairs for each slot, and a lane has two vectors with the 8 words of the tile for each of its
/// pairs.
///
/// Where sums are scattered, the four lanes 4 q to 4 q + 3 share kOctets neighbouring units, so that what they send is
/// in one piece.
#pragma once

#include <type_traits>

#include "cuda/device/launch_config.h"
#include "cuda/persistent/shape/operand_traits.h"
#include "cuda/persistent/shape/persistent_shape.h"
#include "recurrence/cells/unit.h"

namespace rondo {

/// Which word of the recurrent kernel it is, in a warp's units and a tile along k.
struct TileWord {
  int gate = 0;  ///< kWeightGates or more: the word is padding
  int unit = 0;
  int word = 0;
};

/// Takes the place of a Formula for the product of a step of gradients, dG U', which has one sum for each unit of any
/// cell. Its k counts gates, and within a gate units up to a whole tile.
struct BackwardProduct {
  static constexpr int kGates = 1;
  static constexpr int kProductsBeforeReset = 1;
  static constexpr int kBiases = 1;
};

/// As BackwardProduct, for a block that multiplies dG of its own units alone and scatters the sums of all units. Its k
/// counts gates, and within a gate the block's units.
struct ScatterProduct : BackwardProduct {};

/// As BackwardProduct, for a cell whose candidate's dG has a product and an exchange of its own: a GRU that resets
/// before its product. A unit has a sum in each phase: in phase 0 that of the terms dG U' of the other gates, in phase
/// 1 that of the candidate's. k counts the units of one gate.
struct ResetBackwardProduct : BackwardProduct {
  static constexpr int kGates = 2;
};

/// The product of a step of gradients of a cell whose blocks gather dG.
template <typename Formula>
using GatheredProduct = std::conditional_t<kPhases<Formula> == 2, ResetBackwardProduct, BackwardProduct>;

template <typename Formula>
inline constexpr bool kScatters = std::is_same_v<Formula, ScatterProduct>;
template <typename Formula>
inline constexpr bool kIsOfGradients = std::is_base_of_v<BackwardProduct, Formula>;

/// The terms of a sum of a phase. Each multiplies other words with other weights.
template <typename Formula, int kPhase>
inline constexpr int kTerms = std::is_same_v<Formula, ResetBackwardProduct>&& kPhase == 0 ? 2 : 1;

/// The gates of a unit whose weights a product has, each in vectors of its own where the phase has several terms.
template <typename Formula>
inline constexpr int kWeightGates = Formula::kGates + kTerms<Formula, 0> - 1;

template <typename Formula, typename Operand, int kOctets>
struct TileLayout {
  template <int kPhase>
  static constexpr int kTermVectors = (kPhaseGates<Formula, kPhase> * kOctets + 1) / 2;
  template <int kPhase>
  static constexpr int kPhaseVectors = kTerms<Formula, kPhase>* kTermVectors<kPhase>;
  static constexpr int kVectors = kPhaseVectors<0> + kPhaseVectors<1>;

  /// Word i of a vector, in the order of device::mma.
  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    const bool second = vector >= kPhaseVectors<0>;
    const int term = second ? kTerms<Formula, 0> : vector / kTermVectors<0>;
    const int pair = (vector - term * kTermVectors<0>)*2 + i % 2;
    const int gate = pair / kOctets;
    const bool exists = gate < (second ? kPhaseGates<Formula, 1> : kPhaseGates<Formula, 0>);
    const int octet = pair % kOctets;
    return {exists ? term * kPhaseGates<Formula, 0> + gate : kWeightGates<Formula>,
            kScatters<Formula> ? lane / 4 * kOctets + octet : octet * kOctetUnits + lane / 4,
            lane % 4 + i / 2 * (device::kTileWords / 2)};
  }
};

/// Slots of a phase in strict products.
template <typename Formula, int kOctets, int kPhase>
inline constexpr int kPhaseSlots =
    (kPhaseGates<Formula, kPhase> * kOctets * kOctetUnits + device::kWarpLanes - 1) / device::kWarpLanes;

template <typename Formula, int kOctets>
struct TileLayout<Formula, float, kOctets> {
  template <int kPhase>
  static constexpr int kTermVectors = 2 * kPhaseSlots<Formula, kOctets, kPhase>;
  template <int kPhase>
  static constexpr int kPhaseVectors = kTerms<Formula, kPhase>* kTermVectors<kPhase>;
  static constexpr int kVectors = kPhaseVectors<0> + kPhaseVectors<1>;

  RONDO_HOST_DEVICE static TileWord word(int vector, int i, int lane) {
    constexpr int kFirstSlots = kPhaseSlots<Formula, kOctets, 0>;
    constexpr int kUnits = kOctets * kOctetUnits;
    const int slot = vector / 2;
    const bool second = vector >= kPhaseVectors<0>;
    const int term = second ? kTerms<Formula, 0> : slot / kFirstSlots;
    const int pair = (slot - term * kFirstSlots) * device::kWarpLanes + lane;
    const int gate = pair / kUnits;
    const bool exists = gate < (second ? kPhaseGates<Formula, 1> : kPhaseGates<Formula, 0>);
    return {exists ? term * kPhaseGates<Formula, 0> + gate : kWeightGates<Formula>,
            kScatters<Formula> ? lane / 4 * kOctets + slot * 4 + lane % 4 : pair % kUnits, vector % 2 * 4 + i};
  }
};

template <typename Formula, typename Operand>
inline constexpr RecurrentProduct kRecurrentProduct = {
    .gates = kWeightGates<Formula>,
    .phases = kPhases<Formula>,
    .operand_bytes = static_cast<int>(sizeof(typename OperandTraits<Operand>::Element)),
    .strict = std::is_same_v<Operand, float>,
    .backward = kIsOfGradients<Formula>,
    .scatters = kScatters<Formula>};

/// Row tiles that one product multiplies. A grid with more row tiles makes several products one after the other, a pass
/// for each, so that sums leave registers and shared memory to the weights. Strict products need their rows of h in
/// shared memory, and cost as much together as one by one.
template <typename Operand>
RONDO_HOST_DEVICE constexpr int pass_tiles(PersistentKind kind, int row_tiles) {
  if (kind == PersistentKind::grid && std::is_same_v<Operand, float>) return 1;
  return row_tiles < 2 ? row_tiles : 2;
}

/// The template arguments of a product besides its Formula and Operand.
template <typename Exchange, int kOctetsValue, int kRowTilesValue, int kRoomTilesValue, Streams kStreamsValue,
          bool kKeepsValue = false>
struct ProductSizes {
  static constexpr PersistentKind kKind = Exchange::kKind;
  static constexpr GridWords kWords = Exchange::kWords;
  static constexpr int kOctets = kOctetsValue;
  static constexpr int kRowTiles = kRowTilesValue;    ///< row tiles that are multiplied at once
  static constexpr int kRoomTiles = kRoomTilesValue;  ///< PersistentShape::row_tiles
  static constexpr Streams kStreams = kStreamsValue;
  static constexpr int kPasses = kRoomTiles / kRowTiles;
  static constexpr bool kKeeps = kKeepsValue;  ///< PersistentShape::keeps
};

}  // namespace rondo
