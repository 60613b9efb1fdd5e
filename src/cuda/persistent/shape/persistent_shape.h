/// How the blocks of one launch share a recurrence: plain data, for the planner and the kernels. Floor 4.
///
/// A team of blocks holds one copy of the recurrent kernel and takes a slice of the batch through all steps. Each block
/// of a team owns neighbouring units with all their gates; each of its warps owns some octets of these units and a
/// range of the product's k, in tiles of kTileWords words:
///
///     team        rows of the batch                    block of a team   units
///     warp        unit_warps along the block's units, k_warps along k
///
/// A warp keeps the first of its tiles in registers, the next in shared memory, and reads the last ones, the streamed
/// ones, from memory in every step. Of W, if the kernel multiplies x as well, all of its tiles are in shared memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/device/launch_config.h"
#include "cuda/device/mma_tile.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// Units of an octet: half of the rows of a tile.
inline constexpr int kOctetUnits = device::kTileRows / 2;

/// Of a warp.
inline constexpr int kMostOctets = 8;

/// Threads of the largest block: a multiprocessor's registers are 255 for each of them.
inline constexpr int kPersistentThreads = 256;
inline constexpr int kMostWarps = kPersistentThreads / device::kWarpLanes;

/// Ways in which blocks of a team tell each other h.
enum class PersistentKind : std::uint8_t {
  block,    ///< a team is one block
  cluster,  ///< a team is a cluster, whose blocks write into each other's shared memory
  grid      ///< blocks of a team meet in global memory, and all blocks run at once
};

/// What a step multiplies with h, as far as it decides which kernels there are.
struct RecurrentProduct {
  int gates = 1;
  int phases = 1;  ///< kPhases of the cell's Formula
  int operand_bytes = 4;
  bool strict = true;  ///< without tensor cores
};

/// Whether there are kernels whose warps own so many octets: in a grid, blocks of 8 units bring more multiprocessors to
/// a small H, and blocks of 24 fit a large one. On tensor cores every warp reads all rows of h, so that more units of a
/// warp mean less of h for the device: 32, 48 and 64 of them with as many weights as the few gates of a cell leave.
/// Without, 32 units use all lanes, and 24 not.
RONDO_HOST_DEVICE constexpr bool has_octets(PersistentKind kind, const RecurrentProduct& product, int octets) {
  if (kind != PersistentKind::grid) return octets == 2;
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

/// Row tiles of kernels: 1, 2, 4 ... up to this. Many rows of a team are for large blocks of few teams.
RONDO_HOST_DEVICE constexpr int most_row_tiles(PersistentKind kind, const RecurrentProduct& product, int octets) {
  switch (kind) {
    case PersistentKind::block: return 1;
    case PersistentKind::cluster: return 2;
    case PersistentKind::grid: return octets == 2 && product.gates == 4 && !product.strict ? 8 : 4;
  }
  return 0;
}

/// Whether a kind's kernels may read weights in every step. The others belong to recurrences that fit.
RONDO_HOST_DEVICE constexpr bool streams_weights(PersistentKind kind) { return kind == PersistentKind::grid; }

/// When a step of several passes reads the weights that are streamed.
enum class Streams : std::uint8_t {
  each_pass,  ///< again for the rows of each pass
  once        ///< for the rows of all passes, whose sums take registers from the weights
};

/// Whether there are kernels that do so: of two passes, where a thread has registers for the sums of both.
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

/// Units of a block, where the fewest warps along k are all that it has; 0 where kernels are for several such numbers.
RONDO_HOST_DEVICE constexpr int known_units(PersistentKind kind, int octets, int row_tiles) {
  return fewest_k_warps(kind, octets, row_tiles) == kMostWarps ? octets * kOctetUnits : 0;
}

/// How words of h go through global memory.
enum class GridWords : std::uint8_t {
  none,      ///< of a block or a cluster
  numbered,  ///< each together with the number of its exchange
  threes,    ///< three of a row together with that number: where a block's words of a row are whole packets
  alone      ///< half of the bytes; but somebody has to make room for the next, and a fence stands before each push
};

/// Whether there are kernels for such words: grids have one way for all, but for few rows of 16 bits, where a fence may
/// cost more than bytes.
RONDO_HOST_DEVICE constexpr bool has_words(PersistentKind kind, const RecurrentProduct& product, int octets,
                                           int row_tiles, GridWords words) {
  if (kind != PersistentKind::grid) return words == GridWords::none;
  if (row_tiles > 1) return words == GridWords::alone;
  if (words == GridWords::alone) return !product.strict && product.operand_bytes == 2 && octets <= 2;
  return words == (octets % 3 == 0 ? GridWords::threes : GridWords::numbered);
}

/// What a lane of a grid that waits for words asks for.
enum class Polls : std::uint8_t {
  all,       ///< all that are missing: they come one round trip to L2 after they were written
  one_first  ///< one of them until it has come, and then the rest: less traffic on the words being written, for a
             ///< second round trip
};

/// Tiles along k that three words of a lane make whole.
inline constexpr int kThreesTiles = 3;

/// The word of a row of h that is at `word` of tile `tile`, where words are exchanged in threes: those that a lane
/// needs of kThreesTiles tiles are neighbours in h, six of them for each.
RONDO_HOST_DEVICE constexpr std::int32_t word_of_threes(std::int32_t tile, std::int32_t word) {
  const std::int32_t of_lane = 2 * tile + word / (device::kTileWords / 2);
  return 12 * (of_lane / 3) + 3 * (word % (device::kTileWords / 2)) + of_lane % 3;
}

struct PersistentShape {
  PersistentKind kind = PersistentKind::block;
  std::int32_t H = 1;
  std::int32_t blocks = 1;  ///< of a team
  std::int32_t teams = 1;
  std::int32_t rows = 1;       ///< of a team; the last one may have fewer
  std::int32_t row_tiles = 1;  ///< tiles of kTileColumns rows that there is room for
  std::int32_t octets = 2;     ///< of a warp
  std::int32_t unit_warps = 1;
  std::int32_t k_warps = 1;
  std::int32_t k_tiles = 1;         ///< of the whole product
  std::int32_t streamed_tiles = 0;  ///< of each warp, at most
  Streams streams = Streams::each_pass;
  GridWords words = GridWords::none;
  Polls polls = Polls::all;
  std::int32_t sum_places = 2;   ///< of a grid on tensor cores: 2, or 1 and a barrier more for each product
  std::int32_t input_tiles = 0;  ///< k tiles of x W, if the kernel multiplies it; 0: the sums are there when it begins
  std::int32_t input_k_warps = 1;  ///< that share them: the first of k_warps
  bool of_x = false;               ///< what of_inputs has made

  bool operator==(const PersistentShape&) const = default;

  /// Rows that there is room for.
  RONDO_HOST_DEVICE std::int32_t padded_rows() const { return row_tiles * device::kTileColumns; }
  /// Of a block.
  RONDO_HOST_DEVICE constexpr std::int32_t units() const { return unit_warps * octets * kOctetUnits; }
  RONDO_HOST_DEVICE constexpr std::int32_t warps() const { return unit_warps * k_warps; }
  RONDO_HOST_DEVICE constexpr std::int32_t threads() const { return warps() * device::kWarpLanes; }
  RONDO_HOST_DEVICE bool multiplies_inputs() const { return input_tiles > 0; }
  /// How a block shares out x W: as it would the recurrent product, if that had so many tiles and warps along k.
  RONDO_HOST_DEVICE PersistentShape of_inputs() const {
    PersistentShape inputs = *this;
    inputs.k_tiles = input_tiles;
    inputs.k_warps = input_k_warps;
    inputs.of_x = true;
    return inputs;
  }
  /// Whether the words of the product's rows lie as word_of_threes says.
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
  /// Lanes of a warp that share a unit of a row and add up a part of its sums each: two, where a warp has them and the
  /// block's threads are enough for a pass of `pass_rows` rows.
  RONDO_HOST_DEVICE constexpr std::int32_t unit_lanes(std::int32_t pass_rows) const {
    const bool in_warp = units() == device::kWarpLanes / 2 || units() == device::kWarpLanes / 4;
    return in_warp && k_warps > 1 && threads() >= 2 * units() * pass_rows ? 2 : 1;
  }
  /// Words of a row of h, with those that are zeros because they lie beyond H.
  RONDO_HOST_DEVICE std::int32_t row_words() const { return k_tiles * device::kTileWords; }
  /// From a row of h in shared memory to the next: an odd multiple of 16 bytes, so that 8 rows are in different banks.
  RONDO_HOST_DEVICE std::int32_t row_stride() const { return row_words() + 4; }
  /// From the sums of a row in shared memory to those of the next, for products of so many gates; likewise.
  RONDO_HOST_DEVICE constexpr std::int32_t sum_stride(int gates) const { return gates * units() + 4; }
};

/// Exchanges of a grid that have memory of their own at a time: see grid_words.cuh.
inline constexpr std::uint32_t kNumberedPlaces = 2;
inline constexpr std::uint32_t kSentinelPlaces = 4;

/// Of one exchange of a team.
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
