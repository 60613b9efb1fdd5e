/// Rows of h in shared memory, as products read them.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/shape/persistent_shape.h"

namespace rondo {

/// The right operands of device::mma of a tile along k, for each row tile, as a lane holds them.
template <int kRowTiles>
struct Columns {
  std::uint32_t of[kRowTiles][2];
};

/// A row-major matrix of words.
struct SharedOperands {
  static constexpr bool kInFlight = false;  ///< whether words may arrive after `ask` has returned

  const std::uint32_t* words;
  int stride;  ///< from row to row

  /// What operands keep between asking and taking: nothing, in shared memory.
  template <int kCount, int kRowTiles>
  struct Asked {};

  /// Begins to read `count` tiles from `first` on, but at most kCount.
  template <int kCount, int kRowTiles>
  __device__ void ask(int, int, Asked<kCount, kRowTiles>&) const {}

  /// Gives the tiles that were asked for. Columns of tiles from `count` on hold words that no caller uses. All lanes of
  /// the warp take part, and `count` is 1 or more.
  template <int kCount, int kRowTiles>
  __device__ void take(int first, int count, Asked<kCount, kRowTiles>&, Columns<kRowTiles> (&columns)[kCount]) const {
    load(first, count, columns);
  }

  template <int kCount, int kRowTiles>
  __device__ void load(int first, int count, Columns<kRowTiles> (&columns)[kCount]) const {
    const int last = count - 1;
    const auto existing = [&](int tile) { return first + (tile < last ? tile : last); };
    const int lane = static_cast<int>(device::lane());
    // Lanes 0 to 7 give the addresses of the first half of a tile of 8 rows, lanes 8 to 15 those of the second half.
    // Lanes 16 to 31 do so for the next 8 rows, or for the next tile where there is one row tile.
    const std::uint32_t* half = words + lane % 8 * stride + lane / 8 % 2 * (device::kTileWords / 2);
    if constexpr (kRowTiles == 1) {
      RONDO_UNROLL
      for (int tile = 0; tile < kCount; tile += 2) {
        std::uint32_t loaded[4];
        device::load_matrices(half + existing(tile + lane / 16) * device::kTileWords, loaded);
        columns[tile] = {{{loaded[0], loaded[1]}}};
        if (tile + 1 < kCount) columns[tile + 1] = {{{loaded[2], loaded[3]}}};
      }
    } else {
      RONDO_UNROLL
      for (int tile = 0; tile < kCount; ++tile) {
        RONDO_UNROLL
        for (int rows = 0; rows < kRowTiles; rows += 2) {
          std::uint32_t loaded[4];
          const int row = (rows + lane / 16) * device::kTileColumns;
          device::load_matrices(half + row * stride + existing(tile) * device::kTileWords, loaded);
          columns[tile].of[rows][0] = loaded[0];
          columns[tile].of[rows][1] = loaded[1];
          columns[tile].of[rows + 1][0] = loaded[2];
          columns[tile].of[rows + 1][1] = loaded[3];
        }
      }
    }
  }
};

}  // namespace rondo
