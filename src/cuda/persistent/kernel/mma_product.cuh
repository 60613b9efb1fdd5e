/// The recurrent product of a warp on tensor cores: sums (gates and units of the warp, rows) over the warp's range of
/// k. Weights are the left operand, with two octets of (gate, unit) in each tile. Rows of the batch are the right
/// operand, in tiles of 8, so that one row costs as much as eight.
#pragma once

#include "cuda/persistent/kernel/lane_weights.cuh"
#include "cuda/persistent/kernel/mma_words.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"
#include "cuda/persistent/kernel/tile_sums.cuh"

namespace rondo {

/// `Sizes` are ProductSizes.
template <typename Formula, typename Operand, typename Sizes>
class MmaProduct {
 public:
  using Layout = TileLayout<Formula, Operand, Sizes::kOctets>;
  static constexpr int kVectors = Layout::kVectors;
  static constexpr bool kThrees = Sizes::kWords == GridWords::threes;
  static constexpr int kResident =
      resident_tiles<Formula, Operand, Sizes::kKeeps>(kVectors, Sizes::kRoomTiles, Sizes::kStreams, Sizes::kKind);
  static constexpr int kAsked = asked_tiles(kResident, Sizes::kRoomTiles, Sizes::kWords);

  __device__ MmaProduct(const device::Words4* packed, const WarpPlace& warp) : warp_(warp) {
    weights_.load(packed, warp, (kStreamsOnce ? Sizes::kRoomTiles : kRowTiles) * device::kTileColumns);
  }

  /// Multiplies the streamed tiles with the rows of all passes, in kernels that read these tiles once in a step.
  /// `operands_of(pass)` gives the operands of a pass.
  template <typename OperandsOf>
  __device__ void begin_step(const OperandsOf& operands_of) {
    RONDO_UNROLL
    for (int pass = 0; pass < kKeptPasses; ++pass) streamed_[pass] = {};
    const int first = weights_.first_streamed();
    typename decltype(operands_of(0))::template Asked<1, kRowTiles> in_flight[kStreamedInFlight][kKeptPasses];
    const auto ask_tile = [&](int tile, int place) {
      RONDO_UNROLL
      for (int pass = 0; pass < kKeptPasses; ++pass) {
        ask_before(operands_of(pass), warp_.first_tile, tile, warp_.tiles, in_flight[place][pass]);
      }
    };
    RONDO_UNROLL
    for (int place = 0; place < kStreamedInFlight; ++place) ask_tile(first + place, place);
    RONDO_KEEP_LOOP
    for (int next = first; next < warp_.tiles; next += kStreamedInFlight) {
      RONDO_UNROLL
      for (int place = 0; place < kStreamedInFlight; ++place) {
        const int tile = next + place;
        Columns<kRowTiles> columns[kKeptPasses][1];
        RONDO_UNROLL
        for (int pass = 0; pass < kKeptPasses; ++pass) {
          take_before(operands_of(pass), warp_.first_tile, tile, warp_.tiles, in_flight[place][pass], columns[pass]);
        }
        ask_tile(tile + kStreamedInFlight, place);
        weights_.for_streamed(tile, tile < warp_.tiles ? tile + 1 : tile, [&](int, const device::Words4* vectors) {
          RONDO_UNROLL
          for (int pass = 0; pass < kKeptPasses; ++pass) {
            add_tile([&](int vector) { return vectors[vector * device::kWarpLanes]; }, columns[pass][0],
                     streamed_[pass]);
          }
        });
      }
    }
  }

  /// What a product keeps of its operands between asking and multiplying. `Operands` are SharedOperands, GridOperands
  /// or ThreesOperands.
  template <typename Operands>
  using Asked = typename Operands::template Asked<kAsked, Sizes::kRowTiles>;

  /// Asks for all words that the resident tiles need.
  template <typename Operands>
  __device__ void ask(const Operands& operands, Asked<Operands>& asked) const {
    if (warp_.tiles > 0) operands.ask(warp_.first_tile, warp_.tiles, asked);
  }

  /// Writes this warp's part of the sums to `target`, [k_warps][row][unit][gate] with rows `sum_stride` apart: for the
  /// gates of a phase, and all rows of the operands, which the caller has asked for.
  template <int kPhase, typename Operands>
  __device__ void multiply(const Operands& operands, Asked<Operands>& asked, const PassRows& rows, float* target) {
    Sums<kPhase> sums = {};
    if constexpr (kStreamsOnce) sums = rows.pass == 0 ? streamed_[0] : streamed_[1];
    if constexpr (kTerms<Formula, kPhase> == 1) {
      add_products<kFirstVector<kPhase>>(operands, asked, warp_.first_tile, sums);
    } else {
      add_terms(operands, asked, sums);
    }
    constexpr int kGates = kPhaseGates<Formula, kPhase>;
    write_tile_sums<kGates, kGates>(sums, warp_, target, warp_.shape.sum_stride(kPhaseGates<Formula, 0>));
  }

  /// As multiply, but calls send(row, chunk, sums) with the sums of four neighbouring units in each row that the lane
  /// has, whether the row exists or not. The chunks of a lane follow one another: see TileLayout.
  template <typename Operands, typename Send>
  __device__ void scatter(const Operands& operands, Asked<Operands>& asked, const PassRows&, const Send& send) {
    Sums<0> sums = {};
    add_products<0>(operands, asked, warp_.first_tile, sums);
    send_tile_sums(sums, send);
  }

  /// Writes this warp's part of x W to `target`, [input_k_warps][row][unit][gate].
  __device__ void multiply_inputs(const WarpInputs& inputs, int, float* target) const {
    multiply_input_phase<0>(inputs, target);
    if constexpr (kPhases<Formula> == 2) multiply_input_phase<1>(inputs, target);
  }

 private:
  static constexpr int kOctets = Sizes::kOctets;
  static constexpr int kRowTiles = Sizes::kRowTiles;
  static constexpr bool kStreamsOnce = Sizes::kStreams == Streams::once;
  static constexpr int kKeptPasses = kStreamsOnce ? Sizes::kPasses : 1;
  static_assert(kKeptPasses <= 2);

  template <int kPhase>
  using Sums = TileSums<Layout::template kTermVectors<kPhase>, kRowTiles, kOctets>;

  template <int kPhase>
  static constexpr int kFirstVector = kPhase == 0 ? 0 : Layout::template kPhaseVectors<0>;

  /// How many tiles that are not in registers read their operands from shared memory together.
  static constexpr int kTogether = 4;
  /// Operands from global memory are in flight for kGroupsInFlight groups of tiles. The numbers were found by
  /// compiling: with more, registers spill.
  static constexpr int kGroupInFlight = kThrees ? kThreesTiles : 1;
  static constexpr bool kFewInFlight =
      Sizes::kWords == GridWords::numbered || Sizes::kPasses > 1 || std::is_same_v<Operand, device::Tf32x3>;
  static constexpr int kGroupsInFlight = kThrees ? 1 : (kFewInFlight ? 2 : 3);
  static constexpr int kStreamedInFlight = 2;
  static constexpr int kInputsTogether = 2;

  /// Adds both terms of phase 0. The words of the second stand behind those of the first in a row.
  template <typename Operands>
  __device__ void add_terms(const Operands& operands, Asked<Operands>& asked, Sums<0>& sums) {
    add_products<0>(operands, asked, warp_.first_tile, sums);
    const int first_tile = warp_.first_tile + warp_.shape.k_tiles;
    if (warp_.tiles > 0) operands.ask(first_tile, warp_.tiles, asked);
    add_products<Layout::template kTermVectors<0>>(operands, asked, first_tile, sums);
  }

  /// Adds this warp's part of a product, but the streamed tiles of kernels that read them once in a step. The words of
  /// its first tile are at `first_tile` of a row, and the weights begin with kFirst of a tile's vectors.
  template <int kFirst, typename Operands, typename TileSums>
  __device__ void add_products(const Operands& operands, Asked<Operands>& asked, int first_tile, TileSums& sums) {
    const int last = kStreamsOnce ? weights_.first_streamed() : warp_.tiles;
    // Words of further tiles are in flight while the tiles before them are multiplied.
    constexpr int kGroup = Operands::kInFlight ? kGroupInFlight : kTogether;
    constexpr int kGroups = Operands::kInFlight ? kGroupsInFlight : 1;
    typename Operands::template Asked<kGroup, kRowTiles> in_flight[kGroups];
    if (warp_.tiles > 0) {
      Columns<kRowTiles> columns[kAsked];
      operands.take(first_tile, warp_.tiles, asked, columns);
      if (kAsked < last) {
        RONDO_UNROLL
        for (int place = 0; place < kGroups; ++place) {
          ask_before(operands, first_tile, kAsked + place * kGroup, last, in_flight[place]);
        }
      }
      weights_.for_resident(warp_.tiles, [&](int tile) {
        add_tile([&](int vector) { return weights_.resident(tile, kFirst + vector); }, columns[tile], sums);
      });
      RONDO_UNROLL
      for (int tile = kResident; tile < kAsked; ++tile) add_further_tile<kFirst>(tile, columns[tile], sums);
    }
    RONDO_KEEP_LOOP
    for (int first = kAsked; first < last; first += kGroups * kGroup) {
      RONDO_UNROLL
      for (int place = 0; place < kGroups; ++place) {
        const int tile = first + place * kGroup;
        Columns<kRowTiles> columns[kGroup];
        take_before(operands, first_tile, tile, last, in_flight[place], columns);
        ask_before(operands, first_tile, tile + kGroups * kGroup, last, in_flight[place]);
        RONDO_UNROLL
        for (int i = 0; i < kGroup; ++i) add_further_tile<kFirst>(tile + i, columns[i], sums);
      }
    }
  }

  /// Asks for the warp's tiles from `tile` on that are before `last`, as many as `asked` has room for.
  template <typename Operands, typename AskedTiles>
  static __device__ void ask_before(const Operands& operands, int first_tile, int tile, int last, AskedTiles& asked) {
    operands.ask(first_tile + tile, last - tile, asked);
  }
  template <typename Operands, typename AskedTiles, int kCount>
  static __device__ void take_before(const Operands& operands, int first_tile, int tile, int last, AskedTiles& asked,
                                     Columns<kRowTiles> (&columns)[kCount]) {
    operands.take(first_tile + tile, last - tile, asked, columns);
  }

  template <typename Weights, typename TileSums>
  static __device__ void add_tile(const Weights& weights, const Columns<kRowTiles>& columns, TileSums& sums) {
    MmaWords<Operand, 2> right[kRowTiles];
    RONDO_UNROLL
    for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) right[row_tile].take(columns.of[row_tile]);
    RONDO_UNROLL
    for (int vector = 0; vector < TileSums::kVectors; ++vector) {
      MmaWords<Operand, 4> left;
      left.take(weights(vector).words);
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        multiply_add(left, right[row_tile], sums.of[vector][row_tile]);
      }
    }
  }

  /// Adds the products of a tile in shared memory, or of one that is streamed in each pass. Adds nothing for a tile
  /// beyond the warp's.
  template <int kFirst, typename TileSums>
  __device__ void add_further_tile(int tile, const Columns<kRowTiles>& columns, TileSums& sums) {
    if (tile < weights_.first_streamed()) {
      add_tile([&](int vector) { return weights_.shared(tile, kFirst + vector); }, columns, sums);
    } else if constexpr (!kStreamsOnce) {
      weights_.for_streamed(tile, tile < warp_.tiles ? tile + 1 : tile, [&](int, const device::Words4* vectors) {
        add_tile([&](int vector) { return vectors[vector * device::kWarpLanes]; }, columns, sums);
      });
    }
  }

  /// Multiplies x with the weights of the gates of a phase.
  template <int kPhase>
  __device__ void multiply_input_phase(const WarpInputs& inputs, float* target) const {
    Sums<kPhase> sums = {};
    RONDO_KEEP_LOOP
    for (int first = 0; first < inputs.tiles; first += kInputsTogether) {
      Columns<kRowTiles> columns[kInputsTogether];
      inputs.rows.load(first, inputs.tiles - first, columns);
      RONDO_UNROLL
      for (int i = 0; i < kInputsTogether; ++i) {
        if (first + i >= inputs.tiles) continue;
        RONDO_UNROLL
        for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
          for (std::uint32_t& word : columns[i].of[row_tile]) word = input_word<Operand>(word);
        }
        const device::Words4* vectors =
            inputs.weights + ((first + i) * kVectors + kFirstVector<kPhase>)*device::kWarpLanes;
        add_tile([&](int vector) { return vectors[vector * device::kWarpLanes]; }, columns[i], sums);
      }
    }
    constexpr int kFirstGate = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
    write_tile_sums<kPhaseGates<Formula, kPhase>, Formula::kGates>(sums, warp_, target + kFirstGate,
                                                                   warp_.shape.sum_stride(Formula::kGates));
  }

  const WarpPlace warp_;
  LaneWeights<Layout, kResident, Sizes::kKind> weights_;
  Sums<0> streamed_[kKeptPasses];  ///< the sums of a step's streamed tiles, where they are read once
};

}  // namespace rondo
