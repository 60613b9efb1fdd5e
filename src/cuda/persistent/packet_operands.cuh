/// Rows of h in packets in global memory, as products read them: into registers, without a stop in shared memory, and
/// each warp waits for those alone that it multiplies. Floor 4.
///
/// Packets lie in the order [tile along k][row][pair], and pair w of a row has the words w and w + 4 of the tile: those
/// that one lane needs for device::mma.
#pragma once

#include "cuda/device/packet.cuh"
#include "cuda/persistent/shared_operands.cuh"

namespace rondo {

/// Pairs of a row of a tile.
inline constexpr int kTilePairs = device::kTileWords / 2;

struct PacketOperands {
  const device::PacketPair* packets;
  int padded_rows;
  int rows;             ///< that come
  std::uint32_t epoch;  ///< of what comes
  volatile bool* given_up;

  /// As SharedOperands::load; returns when everything has come, or sets `given_up`.
  template <int kCount, int kRowTiles>
  __device__ void load(int first, int count, Columns<kRowTiles> (&columns)[kCount]) const {
    const int row = static_cast<int>(device::lane()) / kTilePairs;
    const int pair = static_cast<int>(device::lane()) % kTilePairs;
    const device::PacketPair* source = packets + (first * padded_rows + row) * kTilePairs + pair;
    device::PacketPair loaded[kCount][kRowTiles];
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        const bool comes = tile < count && row + row_tile * device::kTileColumns < rows;
        const device::Packet known{0, comes ? epoch - 1 : epoch};
        loaded[tile][row_tile] = device::PacketPair{{known, known}};
      }
    }
    if (!poll(source, loaded)) *given_up = true;
    device::warp_barrier();
    RONDO_UNROLL
    for (int tile = 0; tile < kCount; ++tile) {
      RONDO_UNROLL
      for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
        columns[tile].of[row_tile][0] = loaded[tile][row_tile].packets[0].word;
        columns[tile].of[row_tile][1] = loaded[tile][row_tile].packets[1].word;
      }
    }
  }

 private:
  __device__ bool missing(const device::PacketPair& pair) const {
    return pair.packets[0].epoch != epoch || pair.packets[1].epoch != epoch;
  }

  /// Reads what is missing, again and again.
  template <int kCount, int kRowTiles>
  __device__ bool poll(const device::PacketPair* source, device::PacketPair (&loaded)[kCount][kRowTiles]) const {
    bool come = false;
    for (int polls = 0; !come && polls < device::kMostPolls; ++polls) {
      RONDO_UNROLL
      for (int tile = 0; tile < kCount; ++tile) {
        RONDO_UNROLL
        for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) {
          const int at = (tile * padded_rows + row_tile * device::kTileColumns) * kTilePairs;
          if (missing(loaded[tile][row_tile])) loaded[tile][row_tile] = device::load_packets(source + at);
        }
      }
      come = true;
      RONDO_UNROLL
      for (int tile = 0; tile < kCount; ++tile) {
        RONDO_UNROLL
        for (int row_tile = 0; row_tile < kRowTiles; ++row_tile) come = come && !missing(loaded[tile][row_tile]);
      }
      if (!come) device::pause();
    }
    return come;
  }
};

}  // namespace rondo
