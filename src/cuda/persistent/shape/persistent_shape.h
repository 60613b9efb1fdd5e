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

#include "cuda/persistent/shape/kernel_kinds.h"

namespace rondo {

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
  /// Of a kernel of gradients: whether the last gate's dG has a product and an exchange of its own. Then k counts the
  /// units of one gate; otherwise k counts gates, and in each gate units.
  bool candidate_apart = false;
  std::int32_t pushed_gates = 0;  ///< of a kernel of gradients: gates of a unit, of which it pushes dG; 0: it pushes h
  /// Units of a block that scatters sums of dh: its product is dG of these units, k_tiles tiles, for all units of the
  /// layer, unit_warps times octets octets. 0: the block gathers what others push, and multiplies it for its own units.
  std::int32_t scattered_units = 0;

  bool operator==(const PersistentShape&) const = default;

  /// Rows that a team has room for.
  RONDO_HOST_DEVICE std::int32_t padded_rows() const { return row_tiles * device::kTileColumns; }
  RONDO_HOST_DEVICE constexpr bool scatters() const { return scattered_units > 0; }
  /// Units that a block owns.
  RONDO_HOST_DEVICE constexpr std::int32_t units() const {
    return scatters() ? scattered_units : unit_warps * octets * kOctetUnits;
  }
  /// Sums of a unit that are added up: those of the warps along k or, where blocks scatter, those of the blocks.
  RONDO_HOST_DEVICE constexpr std::int32_t sum_parts() const { return scatters() ? blocks : k_warps; }
  RONDO_HOST_DEVICE constexpr std::int32_t warps() const { return unit_warps * k_warps; }
  RONDO_HOST_DEVICE constexpr std::int32_t threads() const { return warps() * device::kWarpLanes; }
  RONDO_HOST_DEVICE bool multiplies_inputs() const { return input_tiles > 0; }
  RONDO_HOST_DEVICE bool is_backward() const { return pushed_gates > 0; }
  /// Tiles along k of what all units push of one gate, or of h.
  RONDO_HOST_DEVICE std::int32_t pushed_tiles() const {
    return is_backward() && !candidate_apart ? k_tiles / pushed_gates : k_tiles;
  }
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
    return in_warp && sum_parts() > 1 && threads() >= 2 * units() * pass_rows ? 2 : 1;
  }
  /// Words of a row of h, or of what the block multiplies, including the zeros beyond H: of the exchange that has more.
  RONDO_HOST_DEVICE std::int32_t row_words() const {
    return (candidate_apart ? pushed_gates - 1 : 1) * k_tiles * device::kTileWords;
  }
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
