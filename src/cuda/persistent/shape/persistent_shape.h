/// How the blocks of one launch share a recurrence: data without behaviour, for the planner and the kernels.
///
/// A team of blocks holds one copy of the recurrent kernel and takes a slice of the batch through all steps. Each block
/// of a team owns neighbouring units with all their gates; each of its warps owns some octets of these units and a
/// range of the product's k, in tiles of kTileWords words:
///
///     team        rows of the batch                    block of a team   units
///     warp        unit_warps along the block's units, k_warps along k
///
/// A warp keeps the first of its tiles in registers and the next in shared memory, and reads the last, streamed ones
/// from memory in every step. If the kernel multiplies x as well, all of a warp's tiles of W are in shared memory.
#pragma once

#include <cstddef>
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
};

/// Whether there are kernels whose warps own `octets` octets. In a grid, blocks of 8 units bring more multiprocessors
/// to a small H, and blocks of 24 units fit a large one. On tensor cores every warp reads all rows of h, so that a
/// device with more units in each warp reads h less often: kernels of cells with few gates have room for the weights of
/// 32, 48 and 64 units. Without tensor cores, 32 units use all lanes, and 24 units do not.
/// Kernels of gradients have warps of 8 and 16 units.
RONDO_HOST_DEVICE constexpr bool has_octets(PersistentKind kind, const RecurrentProduct& product, int octets) {
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

/// Which words a waiting lane of a grid asks for.
enum class Polls : std::uint8_t {
  all,       ///< all missing words: they arrive one round trip to L2 after they were written
  one_first  ///< one word until it has arrived, and then the rest: less traffic on the words being written, at the cost
             ///< of a second round trip
};

/// Tiles along k whose words a lane gets in whole packets of three.
inline constexpr int kThreesTiles = 3;

/// Which word of a row of h is at `word` of tile `tile`, where words are exchanged in threes. The six words that a lane
/// needs for kThreesTiles tiles are neighbours in h.
RONDO_HOST_DEVICE constexpr std::int32_t word_of_threes(std::int32_t tile, std::int32_t word) {
  const std::int32_t of_lane = 2 * tile + word / (device::kTileWords / 2);
  return 12 * (of_lane / 3) + 3 * (word % (device::kTileWords / 2)) + of_lane % 3;
}

struct PersistentShape {
  PersistentKind kind = PersistentKind::block;
  std::int32_t H = 1;
  std::int32_t blocks = 1;  ///< blocks of a team
  std::int32_t teams = 1;
  std::int32_t rows = 1;       ///< rows of a team; the last team may have fewer
  std::int32_t row_tiles = 1;  ///< tiles of kTileColumns rows that a team has room for
  std::int32_t octets = 2;     ///< octets of a warp
  std::int32_t unit_warps = 1;
  std::int32_t k_warps = 1;
  std::int32_t k_tiles = 1;         ///< tiles along k of the whole product
  std::int32_t streamed_tiles = 0;  ///< the most streamed tiles of a warp
  Streams streams = Streams::each_pass;
  GridWords words = GridWords::none;
  Polls polls = Polls::all;
  std::int32_t sum_places = 2;   ///< of a grid on tensor cores: 2, or 1 with one more barrier for each product
  std::int32_t input_tiles = 0;  ///< k tiles of x W, if the kernel multiplies x; 0: x W is ready when the kernel begins
  std::int32_t input_k_warps = 1;  ///< warps along k that share them: the first of k_warps
  bool of_x = false;               ///< whether of_inputs has made this shape
  bool keeps = false;              ///< whether the kernel writes a reserve
  std::int32_t pushed_gates = 0;   ///< of a kernel of gradients: gates of a unit, of which it pushes dG; 0: it pushes h

  bool operator==(const PersistentShape&) const = default;

  /// Rows that a team has room for.
  RONDO_HOST_DEVICE std::int32_t padded_rows() const { return row_tiles * device::kTileColumns; }
  /// Units of a block.
  RONDO_HOST_DEVICE constexpr std::int32_t units() const { return unit_warps * octets * kOctetUnits; }
  RONDO_HOST_DEVICE constexpr std::int32_t warps() const { return unit_warps * k_warps; }
  RONDO_HOST_DEVICE constexpr std::int32_t threads() const { return warps() * device::kWarpLanes; }
  RONDO_HOST_DEVICE bool multiplies_inputs() const { return input_tiles > 0; }
  RONDO_HOST_DEVICE bool is_backward() const { return pushed_gates > 0; }
  /// Tiles along k of what all units push of one gate, or of h.
  RONDO_HOST_DEVICE std::int32_t pushed_tiles() const { return is_backward() ? k_tiles / pushed_gates : k_tiles; }
  /// How a block shares out x W: as a recurrent product with input_tiles tiles and input_k_warps warps along k.
  RONDO_HOST_DEVICE PersistentShape of_inputs() const {
    PersistentShape inputs = *this;
    inputs.k_tiles = input_tiles;
    inputs.k_warps = input_k_warps;
    inputs.of_x = true;
    return inputs;
  }
  /// Whether the words of the product's rows lie in the order of word_of_threes.
  RONDO_HOST_DEVICE bool in_threes() const { return !of_x && words == GridWords::threes; }
  /// Tiles along k of each warp; the last warps may have fewer.
  RONDO_HOST_DEVICE std::int32_t warp_tiles() const {
    const std::int32_t tiles = (k_tiles + k_warps - 1) / k_warps;
    return in_threes() ? (tiles + kThreesTiles - 1) / kThreesTiles * kThreesTiles : tiles;
  }
  /// Tiles of the warps at this position along k.
  RONDO_HOST_DEVICE std::int32_t tiles_of(std::int32_t k_warp) const {
    const std::int32_t left = k_tiles - k_warp * warp_tiles();
    return left < 0 ? 0 : (left < warp_tiles() ? left : warp_tiles());
  }
  /// Lanes of a warp that share a unit of a row, each of which adds up a part of the unit's sums: two, where the unit's
  /// lanes are in one warp and the block's threads are enough for a pass of `pass_rows` rows.
  RONDO_HOST_DEVICE constexpr std::int32_t unit_lanes(std::int32_t pass_rows) const {
    const bool in_warp = units() == device::kWarpLanes / 2 || units() == device::kWarpLanes / 4;
    return in_warp && k_warps > 1 && threads() >= 2 * units() * pass_rows ? 2 : 1;
  }
  /// Words of a row of h, including the zeros beyond H.
  RONDO_HOST_DEVICE std::int32_t row_words() const { return k_tiles * device::kTileWords; }
  /// From a row of h in shared memory to the next: an odd multiple of 16 bytes, so that 8 rows are in different banks.
  RONDO_HOST_DEVICE std::int32_t row_stride() const { return row_words() + 4; }
  /// From the sums of a row in shared memory to those of the next, for products of `gates` gates; an odd multiple of 16
  /// bytes, as row_stride.
  RONDO_HOST_DEVICE constexpr std::int32_t sum_stride(int gates) const { return gates * units() + 4; }
};

/// How many exchanges of a grid have memory of their own at a time: see grid_words.cuh.
inline constexpr std::uint32_t kNumberedPlaces = 2;
inline constexpr std::uint32_t kSentinelPlaces = 4;

/// Bytes of one exchange of a team of a grid.
RONDO_HOST_DEVICE inline std::int32_t exchange_bytes(const PersistentShape& shape) {
  const std::int32_t count = shape.row_words() * shape.padded_rows();
  switch (shape.words) {
    case GridWords::none: return 0;
    case GridWords::numbered: return count * 8;
    case GridWords::threes: return count / 3 * 16;
    case GridWords::alone: return count * 4;
  }
  return 0;
}

}  // namespace rondo
