#include "cuda/persistent/planner/candidate_shapes.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

namespace rondo {
namespace {

std::int32_t k_tiles_of(const RecurrenceSpec& spec, std::int64_t K) {
  const std::int64_t words = ceil_div(K * static_cast<std::int64_t>(size_of(spec.dtype)), 4);
  return static_cast<std::int32_t>(ceil_div(words, device::kTileWords));
}

/// Lists the shapes, without their variants.
class Shapes {
 public:
  Shapes(const RecurrenceSpec& spec, const DeviceProperties& properties, PersistentKind kind, Pass pass)
      : spec_(spec),
        properties_(properties),
        kind_(kind),
        product_(recurrent_product(spec, pass)),
        keeps_(pass == Pass::forward && spec.keep != Keep::nothing),
        pushed_gates_(pass == Pass::backward ? gate_count(spec.cell.kind) : 0),
        candidate_apart_(product_.backward && product_.phases == 2),
        octets_(ceil_div(spec.cell.units, kOctetUnits)) {}

  std::vector<PersistentShape> all() {
    switch (kind_) {
      case PersistentKind::block: add_blocks(1); break;
      case PersistentKind::cluster:
        for (int blocks = 2; blocks <= properties_.clusters.most_blocks() && blocks <= ceil_div(octets_, 2);
             blocks *= 2) {
          add_blocks(blocks);
          if (has_scatter(kind_, pushed_gates_) && !candidate_apart_) add_scattering(blocks);
        }
        break;
      case PersistentKind::grid:
        for (int octets = 1; octets <= kMostOctets; ++octets) {
          if (!has_octets(kind_, product_, octets) || (keeps_ && octets > 2)) continue;
          for (int unit_warps = 1; unit_warps <= kMostWarps; unit_warps *= 2) {
            add_team({.blocks = ceil_div(octets_, octets * unit_warps), .octets = octets, .unit_warps = unit_warps});
          }
        }
        break;
    }
    return std::move(shapes_);
  }

 private:
  struct Team {
    std::int64_t blocks;
    int octets;
    std::int64_t unit_warps;
    std::int64_t scattered_units = 0;
  };

  void add_blocks(int blocks) {
    add_team({.blocks = blocks, .octets = 2, .unit_warps = ceil_div(octets_, 2 * blocks)});
  }

  /// Adds blocks that scatter sums of dh. A warp has sums of 32 units of the layer, or of 64 where there are more units
  /// than 32 for each warp. Rows are dealt evenly to the threads of a unit, whose number is therefore a power of two;
  /// warps that are left over have no sums.
  void add_scattering(int blocks) {
    constexpr std::int64_t kFewOctets = 4;
    const std::int64_t octets = octets_ <= kFewOctets * kMostWarps ? kFewOctets : kMostOctets;
    const std::int64_t units = ceil_div(octets_, 2 * blocks) * 2 * kOctetUnits;
    const std::int64_t least = ceil_div(octets_, octets);
    std::int64_t threads = kScatterUnitThreads * units;
    while (threads < least * device::kWarpLanes) threads *= 2;
    if (threads > kPersistentThreads) return;
    add_team({.blocks = blocks,
              .octets = static_cast<int>(octets),
              .unit_warps = threads / device::kWarpLanes,
              .scattered_units = units});
  }

  /// Tiles along k of the product of a team's blocks.
  std::int32_t tiles_of(const Team& team) const {
    const std::int64_t units = team.scattered_units > 0 ? team.scattered_units : spec_.cell.units;
    return k_tiles_of(spec_, units) * (candidate_apart_ ? 1 : std::max(1, pushed_gates_));
  }

  void add_team(const Team& team) {
    if (team.blocks > properties_.processors) return;
    const int room = most_row_tiles(kind_, product_, team.octets) * device::kTileColumns;
    for (int most_rows = 1; most_rows <= room; most_rows *= 2) {
      const std::int64_t teams = ceil_div(spec_.B, most_rows);
      const int row_tiles = std::max(1, most_rows / device::kTileColumns);
      if (teams * team.blocks > std::numeric_limits<std::int32_t>::max()) continue;
      const bool scatters = team.scattered_units > 0;
      const int fewest = scatters ? 1 : fewest_k_warps(kind_, team.octets, row_tiles);
      const std::int64_t most = scatters ? 1 : kMostWarps / team.unit_warps;
      for (int k_warps = fewest; k_warps <= most; k_warps *= 2) {
        const PersistentShape shape{.kind = kind_,
                                    .H = static_cast<std::int32_t>(spec_.cell.units),
                                    .blocks = static_cast<std::int32_t>(team.blocks),
                                    .teams = static_cast<std::int32_t>(teams),
                                    .rows = static_cast<std::int32_t>(ceil_div(spec_.B, teams)),
                                    .row_tiles = row_tiles,
                                    .octets = team.octets,
                                    .unit_warps = static_cast<std::int32_t>(team.unit_warps),
                                    .k_warps = k_warps,
                                    .k_tiles = tiles_of(team),
                                    .keeps = keeps_,
                                    .candidate_apart = candidate_apart_,
                                    .pushed_gates = pushed_gates_,
                                    .scattered_units = static_cast<std::int32_t>(team.scattered_units)};
        add_words(shape);
      }
    }
  }

  /// Adds the shape with each kind of words that there are kernels for.
  void add_words(const PersistentShape& shape) {
    for (const GridWords words : {GridWords::none, GridWords::numbered, GridWords::threes, GridWords::alone}) {
      if (!has_words(kind_, product_, shape.octets, shape.row_tiles, words)) continue;
      const bool for_gradients = shape.keeps || shape.is_backward();
      if (for_gradients && words != gradient_words(kind_, shape.row_tiles)) continue;
      PersistentShape with_words = shape;
      with_words.words = words;
      if (words == GridWords::threes) {
        with_words.k_tiles = (shape.k_tiles + kThreesTiles - 1) / kThreesTiles * kThreesTiles;
      }
      add(with_words);
    }
  }

  /// Whether some block has all units of the last tile of a gate. A kernel of gradients pushes nothing for others.
  bool has_whole_tiles(const PersistentShape& shape) const {
    if (shape.scatters()) return true;
    const std::int64_t units_of_tile = 4 * device::kTileWords / static_cast<std::int64_t>(size_of(spec_.dtype));
    return std::int64_t{shape.blocks} * shape.units() >= shape.pushed_tiles() * units_of_tile;
  }

  // Few units, or few rows, yield one shape several times.
  void add(const PersistentShape& shape) {
    if (shape.is_backward() && !has_whole_tiles(shape)) return;
    if (std::ranges::find(shapes_, shape) == shapes_.end()) shapes_.push_back(shape);
  }

  const RecurrenceSpec& spec_;
  const DeviceProperties& properties_;
  const PersistentKind kind_;
  const RecurrentProduct product_;
  const bool keeps_;
  const int pushed_gates_;
  const bool candidate_apart_;
  const std::int64_t octets_;
  std::vector<PersistentShape> shapes_;
};

bool can_multiply_inputs(const RecurrenceSpec& spec) {
  constexpr std::int64_t kMostInputs = 1 << 14;  // with more, sizes of a block might exceed 31 bits
  return spec.I > 0 && spec.I <= kMostInputs;
}

/// `shape` with a kernel that multiplies x itself. Few warps share the product of x, because each warp has sums of its
/// own; more warps share a strict product, which takes longer.
PersistentShape with_inputs(const RecurrenceSpec& spec, PersistentShape shape) {
  const std::int64_t warp_tiles = recurrent_product(spec, shape).strict ? 2 : 4;
  shape.input_tiles = k_tiles_of(spec, spec.I);
  const auto warps = std::bit_ceil(static_cast<std::uint32_t>(ceil_div(shape.input_tiles, warp_tiles)));
  shape.input_k_warps = std::min(shape.k_warps, static_cast<std::int32_t>(warps));
  return shape;
}

/// `shape` with streamed weights that are read once for all passes; nothing where there is no such kernel.
std::optional<PersistentShape> with_streams_once(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                                 PersistentShape shape) {
  constexpr int kLeastCapability = 90;
  if (properties.compute_capability < kLeastCapability || shape.keeps) return std::nullopt;
  if (!streams_once(shape.kind, recurrent_product(spec, shape), shape.octets, shape.row_tiles)) return std::nullopt;
  shape.streams = Streams::once;
  return shape;
}

}  // namespace

std::vector<PersistentShape> candidate_shapes(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                              PersistentKind kind, Pass pass) {
  std::vector<PersistentShape> shapes;
  for (const PersistentShape& shape : Shapes(spec, properties, kind, pass).all()) {
    shapes.push_back(shape);
    if (pass == Pass::backward) continue;
    if (can_multiply_inputs(spec)) shapes.push_back(with_inputs(spec, shape));
    if (const auto once = with_streams_once(spec, properties, shape)) shapes.push_back(*once);
  }
  return shapes;
}

}  // namespace rondo
