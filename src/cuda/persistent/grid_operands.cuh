/// Rows of h in global memory, as products read them: into registers, without a stop in shared memory, and each warp
/// waits for those alone that it multiplies. Floor 4.
///
/// Words lie in the order [tile along k][row][pair], and pair w of a row has the words w and w + 4 of the tile: those
/// that one lane needs for device::mma.
#pragma once

#include "cuda/device/packet.cuh"
#include "cuda/persistent/block_stall.cuh"
#include "cuda/persistent/shared_operands.cuh"

namespace rondo {

/// Pairs of a row of a tile.
inline constexpr int kTilePairs = device::kTileWords / 2;

/// `Words` are NumberedWords or PlainWords.
template <typename Words>
struct GridOperands {
  using Pair = typename Words::Pair;

  const Pair* pairs;
  int padded_rows;
  int rows;                ///< that come
  std::uint32_t epoch;     ///< of what comes
  std::uint32_t exchange;  ///< its number in the run
  BlockStall stall;

  /// As SharedOperands::load; returns when everything has come, or the block has given up.
  template <int kCount, int kRowTiles>
  __device__ void load(int first, int count, Columns<kRowTiles> (&columns)[kCount]) const {
    const int row = static_cast<int>(device::lane()) / kTilePairs;
    const int pair = static_cast<int>(device::lane()) % kTilePairs;
    const Pair* source = pairs + (first * padded_rows + row) * kTilePairs + pair;
    Pair loaded[kCount][kRowTiles];
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        const bool comes = tile < count && row + row_tile * device::kTileColumns < rows;
        loaded[tile][row_tile] = comes ? Words::expected(epoch) : Words::absent(epoch);
      }
    }
    stall.wait([&] { return poll(source, loaded); }, exchange, first);
    device::warp_barrier();
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        columns[tile].of[row_tile][0] = Words::word(loaded[tile][row_tile], 0);
        columns[tile].of[row_tile][1] = Words::word(loaded[tile][row_tile], 1);
      }
    }
  }

 private:
  /// Reads what is missing; true when nothing is missing any more.
  template <int kCount, int kRowTiles>
  __device__ bool poll(const Pair* source, Pair (&loaded)[kCount][kRowTiles]) const {
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        const int at = (tile * padded_rows + row_tile * device::kTileColumns) * kTilePairs;
        if (!Words::has_come(loaded[tile][row_tile], epoch)) loaded[tile][row_tile] = Words::load(source + at);
      }
    }
    bool come = true;
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        come = come && Words::has_come(loaded[tile][row_tile], epoch);
      }
    }
    if (!come) device::pause();
    return come;
  }
};

}  // namespace rondo
