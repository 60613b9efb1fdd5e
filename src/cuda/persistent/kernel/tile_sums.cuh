/// The sums of a warp's product on tensor cores, as its lanes hold them, and where they go: to the threads of the
/// warp's own block, or to the blocks of the units that they are sums of.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/gate_sums.cuh"
#include "cuda/persistent/kernel/lane_weights.cuh"

namespace rondo {

/// Sums of kVectorsValue vectors of (gate, octet) pairs. Lane l has, in both octets of a vector, unit l / 4 and the
/// rows 2 (l % 4) and 2 (l % 4) + 1.
template <int kVectorsValue, int kRowTilesValue, int kOctetsValue>
struct TileSums {
  static constexpr int kVectors = kVectorsValue;
  static constexpr int kRowTiles = kRowTilesValue;
  static constexpr int kOctets = kOctetsValue;

  float of[kVectors][kRowTiles][4] = {};

  /// The sum of a pair in one of the lane's 2 kRowTiles rows.
  __device__ float at(int pair, int row) const { return of[pair / 2][row / 2][pair % 2 * 2 + row % 2]; }
};

/// From the lane's first row to its row `row`.
__device__ constexpr int tile_row(int row) { return row / 2 * device::kTileColumns + row % 2; }

/// Writes the sums of kGates gates to `target`, [k_warps][row][unit][gate]. Rows of `target` are `stride` apart, and
/// have kUnitGates sums for each unit.
template <int kGates, int kUnitGates, typename Sums>
__device__ inline void write_tile_sums(const Sums& sums, const WarpPlace& warp, float* target, int stride) {
  // Opaque, so that the addresses of the sums are computed here, in every step, and take no registers from the
  // weights.
  const int lane = static_cast<int>(device::opaque(device::lane()));
  target += (warp.k_warp * Sums::kRowTiles * device::kTileColumns + lane % 4 * 2) * stride +
            (warp.unit_warp * Sums::kOctets * kOctetUnits + lane / 4) * kUnitGates;
  RONDO_UNROLL
  for (int octet = 0; octet < Sums::kOctets; ++octet) {
    RONDO_UNROLL
    for (int row = 0; row < 2 * Sums::kRowTiles; ++row) {
      float gates[kGates];
      RONDO_UNROLL
      for (int gate = 0; gate < kGates; ++gate) gates[gate] = sums.at(gate * Sums::kOctets + octet, row);
      write_gates(gates, target + tile_row(row) * stride + octet * kOctetUnits * kUnitGates);
    }
  }
}

/// Calls send(row, chunk, sums) for each row and each chunk of the lane's units: four neighbours.
template <typename Sums, typename Send>
__device__ inline void send_tile_sums(const Sums& sums, const Send& send) {
  const int first_row = static_cast<int>(device::opaque(device::lane())) % 4 * 2;
  RONDO_UNROLL
  for (int row = 0; row < 2 * Sums::kRowTiles; ++row) {
    RONDO_UNROLL
    for (int chunk = 0; chunk < Sums::kOctets / 4; ++chunk) {
      float units[4];
      RONDO_UNROLL
      for (int i = 0; i < 4; ++i) units[i] = sums.at(chunk * 4 + i, row);
      send(first_row + tile_row(row), chunk, units);
    }
  }
}

/// Transposes a matrix of 4 by 4 that four neighbouring lanes hold: lane l gives column l % 4, and gets row l % 4. All
/// lanes of the warp take part.
__device__ inline void transpose_in_lanes(float (&column)[4]) {
  const unsigned lane = device::lane();
  RONDO_UNROLL
  for (int distance = 1; distance <= 2; distance *= 2) {
    const bool upper = (lane & static_cast<unsigned>(distance)) != 0;
    RONDO_UNROLL
    for (int i = 0; i < 4; ++i) {
      if ((i & distance) != 0) continue;
      const float low = column[i];
      const float high = column[i + distance];
      const float received = device::shuffle_xor(upper ? low : high, static_cast<unsigned>(distance));
      column[i] = upper ? received : low;
      column[i + distance] = upper ? high : received;
    }
  }
}

}  // namespace rondo
