/// Rows of h in global memory, as products read them. Words arrive in registers without a stop in shared memory, and
/// each warp waits only for the words that it multiplies.
///
/// Words lie in the order [tile along k][row][pair], and pair w of a row has the words w and w + 4 of the tile, which
/// one lane needs for device::mma.
#pragma once

#include "cuda/device/opaque.cuh"
#include "cuda/device/packet.cuh"
#include "cuda/persistent/kernel/block_stall.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"

namespace rondo {

/// Pairs in one row of a tile.
inline constexpr int kTilePairs = device::kTileWords / 2;

/// `Words` are NumberedWords or SentinelWords. How many rows there is room for is a constant, so that all words of a
/// lane lie at constant distances from the first, and a load is one instruction.
template <typename Words, int kRoomRows>
struct GridOperands {
  using Pair = typename Words::Pair;
  static constexpr bool kInFlight = true;

  const Pair* pairs;
  int rows;             ///< that other blocks push
  std::uint32_t epoch;  ///< of the exchange that is read
  BlockStall stall;
  bool polls_one_first;  ///< Polls::one_first

  /// The words that a lane has asked for: kCount tiles of kRowTiles row tiles. Some may be in flight.
  template <int kCount, int kRowTiles>
  struct Asked {
    Pair pairs[kCount][kRowTiles];
  };

  /// As SharedOperands::ask: starts to read the tiles first, first + 1, ...
  template <int kCount, int kRowTiles>
  __device__ void ask(int first, int count, Asked<kCount, kRowTiles>& asked) const {
    const int row = static_cast<int>(device::lane()) / kTilePairs;
    const Pair* source = device::opaque(source_of(first));
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        Pair& pair = asked.pairs[tile][row_tile];
        const bool comes = tile < count && row + row_tile * device::kTileColumns < rows;
        const bool now = comes && (!one_first() || tile + row_tile == 0);
        pair = comes ? Words::missing(epoch) : Words::absent(epoch);
        if (now) pair = Words::load(source + offset(tile, row_tile));
      }
    }
  }

  /// As SharedOperands::take: returns when all words have arrived, or the block has given up.
  template <int kCount, int kRowTiles>
  __device__ void take(int first, int, Asked<kCount, kRowTiles>& asked, Columns<kRowTiles> (&columns)[kCount]) const {
    const Pair* source = source_of(first);
    stall.wait([&] { return poll(device::opaque(source), asked); }, epoch, first);
    device::warp_barrier();
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        columns[tile].of[row_tile][0] = Words::word(asked.pairs[tile][row_tile], 0);
        columns[tile].of[row_tile][1] = Words::word(asked.pairs[tile][row_tile], 1);
      }
    }
  }

 private:
  /// Polls::one_first exists only in kernels for few rows.
  __device__ bool one_first() const { return kRoomRows == device::kTileColumns && polls_one_first; }

  /// Where this lane's pair of a tile is.
  __device__ const Pair* source_of(int tile) const {
    return pairs + tile * (kRoomRows * kTilePairs) + static_cast<int>(device::lane());
  }
  RONDO_HOST_DEVICE static constexpr int offset(int tile, int row_tile) {
    return (tile * kRoomRows + row_tile * device::kTileColumns) * kTilePairs;
  }

  /// Returns whether all words had arrived, and asks again for those that had not. The code has no branch, so that all
  /// loads are in flight together.
  template <int kCount, int kRowTiles>
  __device__ bool poll(const Pair* source, Asked<kCount, kRowTiles>& asked) const {
    bool asks = true;
    typename Words::Arrival arrivals = Words::kOfNone;
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        Pair& pair = asked.pairs[tile][row_tile];
        const typename Words::Arrival arrival = Words::arrival(pair, epoch);
        arrivals = Words::all_arrivals(arrivals, arrival);
        if (!Words::have_come(arrival) && asks) pair = Words::load(source + offset(tile, row_tile));
        if (tile + row_tile == 0) asks = Words::have_come(arrival) || !one_first();
      }
    }
    const bool come = Words::have_come(arrivals);
    if (!come) device::pause();
    return come;
  }
};

}  // namespace rondo
