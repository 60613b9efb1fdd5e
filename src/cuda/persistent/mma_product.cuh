/// The recurrent product of a warp on tensor cores: sums (G kTileUnits, rows) of its range along k. Floor 4.
///
/// Weights are the left operand, 16 units of a gate for each tile, and rows of the batch the right one, in tiles of 8:
/// one row costs what eight do.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/device/words.h"
#include "cuda/persistent/shared_operands.cuh"
#include "cuda/persistent/tile_layout.h"

namespace rondo {

/// Who a warp is among those of its block, and what it works on in shared memory.
struct WarpPlace {
  const PersistentShape& shape;
  int unit_warp = 0;
  int k_warp = 0;
  int tiles = 0;                             ///< along k, of this warp
  int first_tile = 0;                        ///< the first of them
  device::Words4* shared_weights = nullptr;  ///< of this warp
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

  /// Calls function(tile) for those of the first `tiles` that are resident. `tile` is a constant there; where all of
  /// them are used, there is no question between the calls.
  template <typename Function>
  static __device__ void for_resident(int tiles, const Function& function) {
    if (tiles >= kResident) {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) function(tile);
    } else {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) {
        if (tile < tiles) function(tile);
      }
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

  /// `target`, [k_warps][padded rows][gate][unit] with rows `sum_stride` apart, gets this warp's part of the sums of
  /// the gates of a phase, of all rows, out of SharedOperands or PacketOperands. Everything that the resident tiles
  /// need is on its way before the first product.
  template <int kPhase, typename Operands>
  __device__ void multiply(const Operands& operands, int, float* target) const {
    Sums<Phase<Formula, kPhase>::kGates> sums = {};
    if (warp_.tiles > 0) {
      Columns<kRowTiles> columns[kResident];
      operands.load(warp_.first_tile, warp_.tiles, columns);
      weights_.for_resident(warp_.tiles, [&](int tile) {
        add_tile<kPhase>([&](int vector) { return weights_.resident(tile, vector); }, columns[tile], sums);
      });
    }
    for (int tile = kResident; tile < warp_.tiles; tile += kTogether) add_shared<kPhase>(operands, tile, sums);
    store(sums, target);
  }

 private:
  template <int kGates>
  struct Sums {
    float of[kGates][kRowTiles][4] = {};
  };

  /// Tiles out of shared memory whose operands are loaded at once.
  static constexpr int kTogether = kRowTiles == 4 ? 2 : 4;

  template <int kPhase, typename Operands, int kGates>
  __device__ void add_shared(const Operands& operands, int first, Sums<kGates>& sums) const {
    Columns<kRowTiles> columns[kTogether];
    operands.load(warp_.first_tile + first, warp_.tiles - first, columns);
    RONDO_UNROLL
    for (int i = 0; i < kTogether; ++i) {
      if (first + i >= warp_.tiles) continue;
      add_tile<kPhase>([&](int vector) { return weights_.shared(first + i, vector); }, columns[i], sums);
    }
  }

  template <int kPhase, typename Weights, int kGates>
  static __device__ void add_tile(const Weights& weights, const Columns<kRowTiles>& columns, Sums<kGates>& sums) {
    RONDO_UNROLL
    for (int gate = 0; gate < kGates; ++gate) {
      const device::Words4 words = weights(Phase<Formula, kPhase>::kFirstGate + gate);
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        device::mma(Operand{}, words.words, columns.of[row_tile], sums.of[gate][row_tile]);
      }
    }
  }

  template <int kGates>
  __device__ void store(const Sums<kGates>& sums, float* target) const {
    const PersistentShape& shape = warp_.shape;
    const int stride = shape.sum_stride(Phase<Formula, 0>::kGates);
    const int lane = static_cast<int>(device::lane());
    target += (warp_.k_warp * shape.padded_rows() + lane % 4 * 2) * stride + warp_.unit_warp * kTileUnits + lane / 4;
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
