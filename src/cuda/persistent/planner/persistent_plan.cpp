#include "cuda/persistent/planner/persistent_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <sstream>

#include "cuda/model/product_model.h"
#include "cuda/persistent/planner/step_model.h"
#include "cuda/persistent/planner/tuning_table.h"
#include "cuda/persistent/shape/operand_kind.h"

namespace rondo {
namespace {

std::int64_t ceil_div(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

std::int32_t k_tiles_of(const RecurrenceSpec& spec, std::int64_t K) {
  const std::int64_t words = ceil_div(K * static_cast<std::int64_t>(size_of(spec.dtype)), 4);
  return static_cast<std::int32_t>(ceil_div(words, device::kTileWords));
}

/// All ways to share out a recurrence, whether they fit or not.
class Shapes {
 public:
  Shapes(const RecurrenceSpec& spec, const DeviceProperties& properties, PersistentKind kind)
      : spec_(spec),
        properties_(properties),
        kind_(kind),
        product_(recurrent_product(spec)),
        octets_(ceil_div(spec.cell.units, kOctetUnits)) {}

  std::vector<PersistentShape> all() {
    switch (kind_) {
      case PersistentKind::block: add_blocks(1); break;
      case PersistentKind::cluster:
        for (int blocks = 2; blocks <= properties_.clusters.most_blocks() && blocks <= ceil_div(octets_, 2);
             blocks *= 2) {
          add_blocks(blocks);
        }
        break;
      case PersistentKind::grid:
        for (int octets = 1; octets <= kMostOctets; ++octets) {
          if (!has_octets(kind_, product_, octets)) continue;
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
  };

  void add_blocks(int blocks) {
    add_team({.blocks = blocks, .octets = 2, .unit_warps = ceil_div(octets_, 2 * blocks)});
  }

  void add_team(const Team& team) {
    if (team.blocks > properties_.processors) return;
    const int room = most_row_tiles(kind_, product_, team.octets) * device::kTileColumns;
    for (int most_rows = 1; most_rows <= room; most_rows *= 2) {
      const std::int64_t teams = ceil_div(spec_.B, most_rows);
      const int row_tiles = std::max(1, most_rows / device::kTileColumns);
      if (teams * team.blocks > std::numeric_limits<std::int32_t>::max()) continue;
      const int fewest = fewest_k_warps(kind_, team.octets, row_tiles);
      for (int k_warps = fewest; k_warps * team.unit_warps <= kMostWarps; k_warps *= 2) {
        const PersistentShape shape{.kind = kind_,
                                    .H = static_cast<std::int32_t>(spec_.cell.units),
                                    .blocks = static_cast<std::int32_t>(team.blocks),
                                    .teams = static_cast<std::int32_t>(teams),
                                    .rows = static_cast<std::int32_t>(ceil_div(spec_.B, teams)),
                                    .row_tiles = row_tiles,
                                    .octets = team.octets,
                                    .unit_warps = static_cast<std::int32_t>(team.unit_warps),
                                    .k_warps = k_warps,
                                    .k_tiles = k_tiles_of(spec_, spec_.cell.units)};
        add_words(shape);
      }
    }
  }

  /// In each way in which its words may go.
  void add_words(const PersistentShape& shape) {
    for (const GridWords words : {GridWords::none, GridWords::numbered, GridWords::threes, GridWords::alone}) {
      if (!has_words(kind_, product_, shape.octets, shape.row_tiles, words)) continue;
      PersistentShape with_words = shape;
      with_words.words = words;
      if (words == GridWords::threes) {
        with_words.k_tiles = (shape.k_tiles + kThreesTiles - 1) / kThreesTiles * kThreesTiles;
      }
      add(with_words);
    }
  }

  // Few units, and few rows, are shared out alike in several ways.
  void add(const PersistentShape& shape) {
    if (std::ranges::find(shapes_, shape) == shapes_.end()) shapes_.push_back(shape);
  }

  const RecurrenceSpec& spec_;
  const DeviceProperties& properties_;
  const PersistentKind kind_;
  const RecurrentProduct product_;
  const std::int64_t octets_;
  std::vector<PersistentShape> shapes_;
};

bool can_multiply_inputs(const RecurrenceSpec& spec) {
  constexpr std::int64_t kMostInputs = 1 << 14;  // so that sizes of a block fit 31 bits
  return spec.I > 0 && spec.I <= kMostInputs;
}

/// The same, and the kernel multiplies x itself. Few warps share that, because each has sums of its own; strict ones
/// share more, as their products take longer.
PersistentShape with_inputs(const RecurrenceSpec& spec, PersistentShape shape) {
  const std::int64_t warp_tiles = recurrent_product(spec).strict ? 2 : 4;
  shape.input_tiles = k_tiles_of(spec, spec.I);
  const auto warps = std::bit_ceil(static_cast<std::uint32_t>(ceil_div(shape.input_tiles, warp_tiles)));
  shape.input_k_warps = std::min(shape.k_warps, static_cast<std::int32_t>(warps));
  return shape;
}

/// The same, with streamed weights read once for all passes; nothing where there is no such kernel.
std::optional<PersistentShape> with_streams_once(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                                 PersistentShape shape) {
  constexpr int kLeastCapability = 90;
  if (properties.compute_capability < kLeastCapability) return std::nullopt;
  if (!streams_once(shape.kind, recurrent_product(spec), shape.octets, shape.row_tiles)) return std::nullopt;
  shape.streams = Streams::once;
  return shape;
}

BlockBytes bytes_of(const RecurrenceSpec& spec, const PersistentShape& shape) {
  return dispatch_operand(
      spec, [&]<typename Operand>(OperandTag<Operand>) { return block_bytes<Operand>(spec.cell, shape); });
}

/// Streams as few tiles as leave room for the rest; false where that is not enough.
bool stream_least(const RecurrenceSpec& spec, std::size_t shared_bytes, PersistentPlan& plan) {
  PersistentShape& shape = plan.shape;
  for (shape.streamed_tiles = 0; shape.streamed_tiles <= shape.warp_tiles(); ++shape.streamed_tiles) {
    plan.bytes = bytes_of(spec, shape);
    if (plan.bytes.shared <= shared_bytes) return true;
    if (plan.bytes.shared_weights == 0 || !streams_weights(shape.kind)) return false;
  }
  return false;
}

/// The same, with sums in one place where that leaves more room for weights.
bool make_room(const RecurrenceSpec& spec, std::size_t shared_bytes, PersistentPlan& plan) {
  const bool fits = stream_least(spec, shared_bytes, plan);
  if (plan.shape.kind != PersistentKind::grid || recurrent_product(spec).strict ||
      (fits && plan.shape.streamed_tiles == 0)) {
    return fits;
  }
  PersistentPlan closer = plan;
  closer.shape.sum_places = 1;
  if (!stream_least(spec, shared_bytes, closer)) return fits;
  if (!fits || closer.shape.streamed_tiles < plan.shape.streamed_tiles) plan = closer;
  return true;
}

std::int64_t teams_at_once(const PersistentShape& shape, const DeviceProperties& properties) {
  return shape.kind == PersistentKind::cluster ? properties.clusters_at_once(shape.blocks)
                                               : properties.processors / shape.blocks;
}

/// Rounds in which the teams run; 0 where they cannot. Teams of a grid must run at once.
std::int64_t waves(const PersistentShape& shape, const DeviceProperties& properties) {
  const std::int64_t at_once = teams_at_once(shape, properties);
  if (at_once == 0) return 0;
  const std::int64_t rounds = ceil_div(shape.teams, at_once);
  return shape.kind == PersistentKind::grid && rounds > 1 ? 0 : rounds;
}

/// Behind the fastest way of a grid for few rows, the same with its other way to poll: the model does not know which of
/// the two is faster, and a measurement of alternatives tells.
void add_other_polls(const RecurrenceSpec& spec, std::vector<PersistentPlan>& plans) {
  if (plans.empty() || recurrent_product(spec).strict) return;
  PersistentPlan other = plans.front();
  if (other.shape.kind != PersistentKind::grid || other.shape.row_tiles > 1) return;
  other.shape.polls = Polls::one_first;
  plans.insert(plans.begin() + 1, other);
}

}  // namespace

std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind) {
  std::vector<PersistentPlan> plans;
  if (spec.B == 0 || !has_operand(spec) || !is_plain(spec.cell)) return plans;
  const auto add = [&](const PersistentShape& shape) {
    PersistentPlan plan{.shape = shape};
    const auto rounds = static_cast<double>(waves(shape, properties));
    if (rounds == 0 || !make_room(spec, properties.shared_bytes_per_block, plan)) return;
    if (shape.streams == Streams::once && plan.shape.streamed_tiles == 0) return;  // nothing is read
    plan.step_ns = rounds * modelled_step_ns(spec, plan.shape, plan.bytes);
    plan.total_ns = start_ns(shape, plan.bytes, rounds) + plan.step_ns * static_cast<double>(spec.T) +
                    (shape.multiplies_inputs() ? 0.0 : input_product_ns(spec, properties));
    plans.push_back(plan);
  };
  for (const PersistentShape& shape : Shapes(spec, properties, kind).all()) {
    add(shape);
    if (can_multiply_inputs(spec)) add(with_inputs(spec, shape));
    if (const auto once = with_streams_once(spec, properties, shape)) add(*once);
  }
  std::ranges::stable_sort(plans, {}, &PersistentPlan::total_ns);
  add_other_polls(spec, plans);
  return plans;
}

std::string to_string(PersistentKind kind) {
  switch (kind) {
    case PersistentKind::block: return "block";
    case PersistentKind::cluster: return "cluster";
    case PersistentKind::grid: return "grid";
  }
  return "unknown";
}

std::string candidate_name(const PersistentShape& shape) {
  std::string name = to_string(shape.kind) + "_" + std::to_string(shape.blocks) + "x" + std::to_string(shape.teams) +
                     "_" + std::to_string(shape.rows) + "rows_";
  // Other kinds have two octets in each warp.
  if (shape.kind == PersistentKind::grid && shape.unit_warps > 1) name += std::to_string(shape.unit_warps) + "x";
  const std::int32_t of_units = shape.kind == PersistentKind::grid ? shape.unit_warps : 1;
  name += std::to_string(shape.units() / of_units) + "units_" + std::to_string(shape.k_warps) + "k";
  const auto needed =
      static_cast<std::int32_t>(std::bit_ceil(static_cast<std::uint32_t>(ceil_div(shape.rows, device::kTileColumns))));
  if (shape.row_tiles > needed) name += "_" + std::to_string(shape.row_tiles) + "rowtiles";
  if (shape.multiplies_inputs()) name += "_fused";
  if (shape.streamed_tiles > 0) name += "_" + std::to_string(shape.streamed_tiles) + "streamed";
  if (shape.streams == Streams::once) name += "_once";
  if (shape.row_tiles == 1 && shape.words == GridWords::alone) name += "_alone";
  if (shape.polls == Polls::one_first) name += "_onefirst";
  return name;
}

std::string to_string(const PersistentPlan& plan) {
  const PersistentShape& shape = plan.shape;
  std::ostringstream text;
  text << to_string(shape.kind) << " kernel: " << shape.teams << " x " << shape.blocks << " blocks of "
       << shape.threads() << " threads, " << shape.rows << " rows and " << shape.units() << " units each; "
       << "of the recurrent kernel " << plan.bytes.register_weights / 1024 << " KiB of a block in registers, "
       << plan.bytes.shared_weights / 1024 << " KiB in shared memory";
  if (plan.bytes.streamed_weights > 0) {
    text << ", and " << plan.bytes.streamed_weights / 1024 << " KiB read in every step";
  }
  if (shape.multiplies_inputs()) {
    text << "; it multiplies x itself, with " << (plan.bytes.input_weights + 1023) / 1024 << " KiB in shared memory";
  }
  text << "; ";
  if (plan.measured != nullptr) {
    text << "measured " << plan.measured->step_us << " us a step, with the product of the inputs";
  } else {
    text << "predicted " << std::round(plan.step_ns) / 1000.0 << " us a step, "
         << (shape.multiplies_inputs() ? "with" : "without") << " the product of the inputs";
  }
  text << " (" << candidate_name(shape) << ")";
  return text.str();
}

}  // namespace rondo
