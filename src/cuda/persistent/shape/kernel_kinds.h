/// Which persistent kernels there are: their kinds, how many units a warp has, how many rows a team, and which words
/// travel. All are constants of the kernels' code.
#pragma once

#include <cstdint>

#include "cuda/device/launch_config.h"
#include "cuda/device/mma_tile.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// Units of an octet: half of the rows of a tile.
inline constexpr int kOctetUnits = device::kTileRows / 2;

/// The most octets of a warp.
inline constexpr int kMostOctets = 8;

/// Threads of the largest block, each of which can have 255 of a multiprocessor's registers.
inline constexpr int kPersistentThreads = 256;
inline constexpr int kMostWarps = kPersistentThreads / device::kWarpLanes;

/// How blocks of a team tell each other h.
enum class PersistentKind : std::uint8_t {
  block,    ///< a team is one block
  cluster,  ///< a team is a cluster: its blocks write into each other's shared memory
  grid      ///< blocks of a team meet in global memory, and all blocks run at once
};

/// What a step multiplies with h, or a step of gradients with dG, in the figures that decide which kernels exist.
struct RecurrentProduct {
  int gates = 1;
  int phases = 1;  ///< kPhases of the cell's Formula
  int operand_bytes = 4;
  bool strict = true;     ///< computed without tensor cores
  bool backward = false;  ///< dG U', of which a unit has one sum
  bool scatters = false;  ///< a block multiplies its own dG and sends the sums to the blocks that own their units
};

/// Whether there are kernels whose warps own `octets` octets. In a grid, blocks of 8 units bring more multiprocessors
/// to a small H, and blocks of 24 units fit a large one. On tensor cores every warp reads all rows of h, so that a
/// device with more units in each warp reads h less often: kernels of cells with few gates have room for the weights of
/// 32, 48 and 64 units. Without tensor cores, 32 units use all lanes, and 24 units do not.
/// Kernels of gradients have warps of 8 and 16 units. Where blocks scatter sums, a warp has 4 or 8 octets of the
/// layer's units, so that a lane has the sums of 4 neighbouring units, which travel as 16 bytes.
RONDO_HOST_DEVICE constexpr bool has_octets(PersistentKind kind, const RecurrentProduct& product, int octets) {
  if (product.scatters) return kind == PersistentKind::cluster && (octets == 4 || octets == kMostOctets);
  if (kind != PersistentKind::grid) return octets == 2;
  if (product.backward) return octets <= 2;
  switch (octets) {
    case 1:
    case 2: return true;
    case 3: return !product.strict;
    case 4: return product.gates == 1 || (product.gates == 3 && product.phases == 1 && product.strict);
    case 6:
    case kMostOctets: return product.gates == 1 && product.operand_bytes == 2;
    default: return false;
  }
}

/// The most row tiles of a kernel: there are kernels for 1, 2, 4 ... row tiles up to this number. Teams with many rows
/// have large blocks, and there are few such teams.
RONDO_HOST_DEVICE constexpr int most_row_tiles(PersistentKind kind, const RecurrentProduct& product, int octets) {
  switch (kind) {
    case PersistentKind::block: return 1;
    case PersistentKind::cluster: return 2;
    case PersistentKind::grid:
      if (product.backward && product.strict) return 2;
      return octets == 2 && product.gates == 4 && !product.strict ? 8 : 4;
  }
  return 0;
}

/// Whether a kind's kernels may read weights in every step. Kernels of other kinds are for recurrences whose weights
/// fit.
RONDO_HOST_DEVICE constexpr bool streams_weights(PersistentKind kind) { return kind == PersistentKind::grid; }

/// How often a step of several passes reads the streamed weights.
enum class Streams : std::uint8_t {
  each_pass,  ///< once for the rows of each pass
  once        ///< once for all passes; the sums of their rows take registers from the weights
};

/// Whether there are kernels with Streams::once. They have two passes, where a thread has registers for the sums of
/// both.
RONDO_HOST_DEVICE constexpr bool streams_once(PersistentKind kind, const RecurrentProduct& product, int octets,
                                              int row_tiles) {
  const bool fits =
      (octets == 2 && product.gates >= 3) || (octets == 3 && product.gates == 3 && product.operand_bytes == 2);
  return kind == PersistentKind::grid && !product.strict && product.phases == 1 && row_tiles == 4 && fits;
}

/// The fewest k_warps for which a thread has registers for its rows.
RONDO_HOST_DEVICE constexpr int fewest_k_warps(PersistentKind kind, int octets, int row_tiles) {
  switch (kind) {
    case PersistentKind::block: return 1;
    case PersistentKind::cluster: return 2;
    case PersistentKind::grid: return octets >= 3 || row_tiles > 4 ? kMostWarps : 4;
  }
  return 0;
}

/// Units of a block, where a kernel knows them because all of a block's warps are along k; 0 where one kernel is for
/// several numbers of units.
RONDO_HOST_DEVICE constexpr int known_units(PersistentKind kind, int octets, int row_tiles) {
  return fewest_k_warps(kind, octets, row_tiles) == kMostWarps ? octets * kOctetUnits : 0;
}

/// How words of h are stored in global memory.
enum class GridWords : std::uint8_t {
  none,      ///< not at all, in a block or a cluster
  numbered,  ///< each word together with the number of its exchange
  threes,    ///< three words of a row together with that number, where a block's words of a row are whole packets
  alone  ///< in half of the bytes of `numbered`; but threads make room for the next words, and a fence stands before
         ///< each push
};

/// Whether there are kernels for such words. Grids have one kind of words for each size, except for few rows of 16
/// bits, where a fence may cost more than bytes, so that there are two.
RONDO_HOST_DEVICE constexpr bool has_words(PersistentKind kind, const RecurrentProduct& product, int octets,
                                           int row_tiles, GridWords words) {
  if (kind != PersistentKind::grid) return words == GridWords::none;
  if (row_tiles > 1) return words == GridWords::alone;
  if (words == GridWords::alone) return !product.strict && product.operand_bytes == 2 && octets <= 2;
  return words == (octets % 3 == 0 ? GridWords::threes : GridWords::numbered);
}

/// The words of kernels that write a reserve, and of kernels of gradients. They have warps of 8 and 16 units, and one
/// kind of words for each number of row tiles, because kernels take long to compile.
RONDO_HOST_DEVICE constexpr GridWords gradient_words(PersistentKind kind, int row_tiles) {
  if (kind != PersistentKind::grid) return GridWords::none;
  return row_tiles > 1 ? GridWords::alone : GridWords::numbered;
}

/// Whether there are kernels of gradients that scatter sums of dh, for a cell of `gates` gates with one product. With
/// fewer gates the sums would be as many bytes as dG.
RONDO_HOST_DEVICE constexpr bool has_scatter(PersistentKind kind, int gates) {
  return kind == PersistentKind::cluster && gates >= 3;
}

/// The most blocks whose sums a thread adds up, beside numbers that warps along k have as well.
inline constexpr int kMostScatterParts = 16;

/// Threads of a block that scatters, for each unit that it owns, at least: a thread has registers for 4 rows.
inline constexpr int kScatterUnitThreads = 4;

}  // namespace rondo
