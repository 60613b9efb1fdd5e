#include "cuda/persistent/persistent_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "cuda/persistent/operand_kind.h"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/step_model.h"

namespace rondo {
namespace {

// Once for a run: the launch, the weights' way into registers, the results.
constexpr double kStartNs = 6000;

std::int64_t ceil_div(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

std::int32_t k_tiles_of(const RecurrenceSpec& spec) {
  const std::int64_t words = ceil_div(spec.cell.units * static_cast<std::int64_t>(size_of(spec.dtype)), 4);
  return static_cast<std::int32_t>(ceil_div(words, device::kTileWords));
}

/// All ways to share out a recurrence, whether they fit or not.
class Shapes {
 public:
  Shapes(const RecurrenceSpec& spec, const DeviceProperties& properties, PersistentKind kind)
      : spec_(spec), properties_(properties), kind_(kind), unit_tiles_(ceil_div(spec.cell.units, kTileUnits)) {}

  std::vector<PersistentShape> all() {
    switch (kind_) {
      case PersistentKind::block: add_teams(1); break;
      case PersistentKind::cluster:
        for (int blocks = 2; blocks <= properties_.cluster_blocks && blocks <= unit_tiles_; blocks *= 2) {
          add_teams(blocks);
        }
        break;
      case PersistentKind::grid:
        for (int unit_warps = 1; unit_warps <= kMostWarps / fewest_k_warps(kind_); unit_warps *= 2) {
          add_teams(ceil_div(unit_tiles_, unit_warps));
        }
        break;
    }
    return std::move(shapes_);
  }

 private:
  void add_teams(std::int64_t blocks) {
    const std::int64_t unit_warps = ceil_div(unit_tiles_, blocks);
    if (unit_warps * fewest_k_warps(kind_) > kMostWarps || blocks > properties_.processors) return;
    for (int most_rows = 1; most_rows <= most_row_tiles(kind_) * device::kTileColumns; most_rows *= 2) {
      const std::int64_t teams = ceil_div(spec_.B, most_rows);
      if (teams * blocks > std::numeric_limits<std::int32_t>::max()) continue;
      for (int k_warps = fewest_k_warps(kind_); k_warps * unit_warps <= kMostWarps; k_warps *= 2) {
        add({.kind = kind_,
             .H = static_cast<std::int32_t>(spec_.cell.units),
             .blocks = static_cast<std::int32_t>(blocks),
             .teams = static_cast<std::int32_t>(teams),
             .rows = static_cast<std::int32_t>(ceil_div(spec_.B, teams)),
             .row_tiles = std::max(1, most_rows / device::kTileColumns),
             .unit_warps = static_cast<std::int32_t>(unit_warps),
             .k_warps = k_warps,
             .k_tiles = k_tiles_of(spec_)});
      }
    }
  }

  // Few units, and few rows, are shared out alike in several ways.
  void add(const PersistentShape& shape) {
    if (std::ranges::find(shapes_, shape) == shapes_.end()) shapes_.push_back(shape);
  }

  const RecurrenceSpec& spec_;
  const DeviceProperties& properties_;
  const PersistentKind kind_;
  const std::int64_t unit_tiles_;
  std::vector<PersistentShape> shapes_;
};

/// Rounds in which the teams run. Teams of a grid must run at once: 0 where they cannot.
std::int64_t waves(const PersistentShape& shape, const DeviceProperties& properties) {
  const std::int64_t teams_at_once = properties.processors / shape.blocks;
  const std::int64_t rounds = ceil_div(shape.teams, std::max<std::int64_t>(teams_at_once, 1));
  return shape.kind == PersistentKind::grid && rounds > 1 ? 0 : rounds;
}

}  // namespace

std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind) {
  std::vector<PersistentPlan> plans;
  if (spec.B == 0 || !has_operand(spec)) return plans;
  for (const PersistentShape& shape : Shapes(spec, properties, kind).all()) {
    PersistentPlan plan{.shape = shape};
    plan.bytes = dispatch_operand(
        spec, [&]<typename Operand>(OperandTag<Operand>) { return block_bytes<Operand>(spec.cell, shape); });
    const std::int64_t rounds = waves(shape, properties);
    if (rounds == 0 || plan.bytes.shared > properties.shared_bytes_per_block) continue;
    plan.step_ns = static_cast<double>(rounds) * modelled_step_ns(spec, shape, plan.bytes);
    plan.total_ns = kStartNs + plan.step_ns * static_cast<double>(spec.T);
    plans.push_back(plan);
  }
  std::ranges::stable_sort(plans, {}, &PersistentPlan::total_ns);
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

std::string to_string(const PersistentPlan& plan) {
  const PersistentShape& shape = plan.shape;
  std::ostringstream text;
  text << to_string(shape.kind) << " kernel: " << shape.teams << " x " << shape.blocks << " blocks of "
       << shape.threads() << " threads, " << shape.rows << " rows and " << shape.units() << " units each; "
       << "of the recurrent kernel " << plan.bytes.register_weights / 1024 << " KiB of a block in registers, "
       << plan.bytes.shared_weights / 1024 << " KiB in shared memory; predicted " << std::round(plan.step_ns) / 1000.0
       << " us a step";
  return text.str();
}

double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  // Measured on an H200: a step of two launches, and products at such a part of the device's rate.
  constexpr double kStepNs = 4500;
  constexpr double kH200Processors = 132;
  const double flops_per_ns = spec.dtype == DType::f32 ? (spec.math == MatrixMath::tf32 ? 200e3 : 40e3) : 400e3;
  const double units = static_cast<double>(spec.cell.units);
  const double flops = 2.0 * static_cast<double>(spec.B) * gate_count(spec.cell.kind) * units * units;
  return static_cast<double>(spec.T) * (kStepNs + flops / flops_per_ns * kH200Processors / properties.processors);
}

}  // namespace rondo
