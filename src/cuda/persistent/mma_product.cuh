/// The recurrent product of a warp on tensor cores: sums (G kTileUnits, rows) of its range along k. Floor 4.
///
/// Weights are the left operand, 16 units of a gate for each tile, and rows of the batch the right one, in tiles of 8:
/// one row costs what eight do.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/device/words.h"
#include "cuda/persistent/tile_layout.h"

namespace rondo {

/// Who a warp is among those of its block, and what it works on in shared memory.
struct WarpPlace {
  const PersistentShape& shape;
  int unit_warp = 0;
  int k_warp = 0;
  int tiles = 0;                             ///< along k, of this warp
  int first_tile = 0;                        ///< the first of them; exists even where the warp has none
  device::Words4* shared_weights = nullptr;  ///< of this warp
  float* sums = nullptr;                     ///< [k_warps][padded rows][gate][unit], rows `sum_stride` apart
};

/// Tiles of a lane's weights: kResident of them in registers, the others in shared memory.
template <int kVectors, int kResident>
class LaneWeights {
 public:
  /// Out of what pack_tiles_kernel made for this warp.
  __device__ void load(const device::Words4* packed, const WarpPlace& warp) {
    const unsigned lane = device::lane();
    shared_ = warp.shared_weights;
    RONDO_UNROLL
    for (int tile = 0; tile < kResident; ++tile) {
      RONDO_UNROLL
      for (int vector = 0; vector < kVectors; ++vector) {
        if (tile < warp.tiles) resident_[tile][vector] = packed[(tile * kVectors + vector) * device::kWarpLanes + lane];
      }
    }
    for (int vector = kResident * kVectors; vector < warp.tiles * kVectors; ++vector) {
      shared_[(vector - kResident * kVectors) * device::kWarpLanes + lane] = packed[vector * device::kWarpLanes + lane];
    }
  }

  /// `tile` < kResident is a constant wherever this is called.
  __device__ const device::Words4& resident(int tile, int vector) const { return resident_[tile][vector]; }
  __device__ device::Words4 shared(int tile, int vector) const {
    return shared_[((tile - kResident) * kVectors + vector) * device::kWarpLanes + device::lane()];
  }

 private:
  device::Words4 resident_[kResident][kVectors] = {};
  device::Words4* shared_ = nullptr;
};

template <typename Formula, typename Operand, int kRowTiles>
class MmaProduct {
 public:
  static constexpr int kVectors = TileLayout<Formula, Operand>::kVectors;
  static constexpr int kResident = resident_tiles<Operand>(kVectors, kRowTiles);

  __device__ MmaProduct(const device::Words4* packed, const WarpPlace& warp) : warp_(warp) {
    weights_.load(packed, warp);
  }

  /// Sums of the gates of a phase, of all rows. `operand` is a row-major matrix of words in shared memory. Everything
  /// that the resident tiles need of it is on its way before the first product; where all of them are used, there is no
  /// question between the products.
  template <int kPhase>
  __device__ void multiply(const std::uint32_t* operand, int) const {
    Sums<Phase<Formula, kPhase>::kGates> sums = {};
    const std::uint32_t* rows = lane_rows(operand);
    Columns columns[kResident];
    load_resident(rows, columns);
    if (warp_.tiles >= kResident) {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) add_resident<kPhase>(tile, columns[tile], sums);
    } else {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) {
        if (tile < warp_.tiles) add_resident<kPhase>(tile, columns[tile], sums);
      }
    }
    for (int tile = kResident; tile < warp_.tiles; ++tile) {
      load_columns(rows + tile * device::kTileWords, columns[0]);
      RONDO_UNROLL
      for (int gate = 0; gate < Phase<Formula, kPhase>::kGates; ++gate) {
        add_tile(weights_.shared(tile, Phase<Formula, kPhase>::kFirstGate + gate), columns[0], sums.of[gate]);
      }
    }
    store(sums);
  }

 private:
  template <int kGates>
  struct Sums {
    float of[kGates][kRowTiles][4] = {};
  };

  /// Of a tile along k: the right operand for each row tile.
  struct Columns {
    std::uint32_t of[kRowTiles][2];
  };

  /// The row of h that this lane gives the address of, at the warp's first tile: lanes 0 to 7 the first half of a tile
  /// of the first 8 rows, 8 to 15 the second half; 16 to 31 the same of the next 8 rows, or of the next tile where
  /// there are no more rows.
  __device__ const std::uint32_t* lane_rows(const std::uint32_t* operand) const {
    const int lane = static_cast<int>(device::lane());
    const int row = lane % 8 + (kRowTiles > 1 ? lane / 16 * 8 : 0);
    const int word = warp_.first_tile * device::kTileWords + lane / 8 % 2 * (device::kTileWords / 2);
    return operand + row * warp_.shape.row_stride() + word;
  }

  /// Tiles that the warp has not are read as its last one, and not used.
  __device__ void load_resident(const std::uint32_t* rows, Columns (&columns)[kResident]) const {
    const int last = warp_.tiles > 0 ? warp_.tiles - 1 : 0;
    const auto existing = [&](int tile) { return tile < last ? tile : last; };
    if constexpr (kRowTiles == 1) {
      static_assert(kResident % 2 == 0);
      const int second = static_cast<int>(device::lane()) / 16;
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; tile += 2) {
        std::uint32_t words[4];
        device::load_matrices(rows + existing(tile + second) * device::kTileWords, words);
        columns[tile].of[0][0] = words[0];
        columns[tile].of[0][1] = words[1];
        columns[tile + 1].of[0][0] = words[2];
        columns[tile + 1].of[0][1] = words[3];
      }
    } else {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) {
        load_columns(rows + existing(tile) * device::kTileWords, columns[tile]);
      }
    }
  }

  __device__ void load_columns(const std::uint32_t* rows, Columns& columns) const {
    if constexpr (kRowTiles == 1) {
      device::load_matrices(rows, columns.of[0]);
    } else {
      RONDO_UNROLL
      for (int pair = 0; pair < kRowTiles / 2; ++pair) {
        std::uint32_t words[4];
        device::load_matrices(rows + pair * 16 * warp_.shape.row_stride(), words);
        columns.of[2 * pair][0] = words[0];
        columns.of[2 * pair][1] = words[1];
        columns.of[2 * pair + 1][0] = words[2];
        columns.of[2 * pair + 1][1] = words[3];
      }
    }
  }

  /// `tile` is a constant wherever this is called.
  template <int kPhase, int kGates>
  __device__ void add_resident(int tile, const Columns& columns, Sums<kGates>& sums) const {
    RONDO_UNROLL
    for (int gate = 0; gate < kGates; ++gate) {
      add_tile(weights_.resident(tile, Phase<Formula, kPhase>::kFirstGate + gate), columns, sums.of[gate]);
    }
  }

  static __device__ void add_tile(const device::Words4& weights, const Columns& columns, float (&sums)[kRowTiles][4]) {
    RONDO_UNROLL
    for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
      device::mma(Operand{}, weights.words, columns.of[row_tile], sums[row_tile]);
    }
  }

  template <int kGates>
  __device__ void store(const Sums<kGates>& sums) const {
    const PersistentShape& shape = warp_.shape;
    const int stride = shape.sum_stride(Phase<Formula, 0>::kGates);
    const int lane = static_cast<int>(device::lane());
    float* target = warp_.sums + (warp_.k_warp * shape.padded_rows() + lane % 4 * 2) * stride +
                    warp_.unit_warp * kTileUnits + lane / 4;
    RONDO_UNROLL
    for (int gate = 0; gate < kGates; ++gate) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        float* tile = target + row_tile * device::kTileColumns * stride + gate * shape.units();
        const float(&values)[4] = sums.of[gate][row_tile];
        tile[0] = values[0];
        tile[stride] = values[1];
        tile[device::kTileRows / 2] = values[2];
        tile[stride + device::kTileRows / 2] = values[3];
      }
    }
  }

  const WarpPlace warp_;
  LaneWeights<kVectors, kResident> weights_;
};

}  // namespace rondo
