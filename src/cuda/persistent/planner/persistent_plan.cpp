#include "cuda/persistent/planner/persistent_plan.h"

#include <algorithm>

#include "cuda/model/product_model.h"
#include "cuda/persistent/planner/candidate_shapes.h"
#include "cuda/persistent/planner/step_model.h"
#include "cuda/persistent/shape/operand_kind.h"

namespace rondo {
namespace {

BlockBytes bytes_of(const RecurrenceSpec& spec, const PersistentShape& shape) {
  return dispatch_operand(
      spec, [&]<typename Operand>(OperandTag<Operand>) { return block_bytes<Operand>(spec.cell, shape); });
}

/// Streams the fewest tiles that leave room for the rest; false where even streaming all tiles is not enough. The more
/// tiles are streamed, the fewer bytes a block needs, so half of the remaining counts are left out at a time.
bool stream_least(const RecurrenceSpec& spec, std::size_t shared_bytes, PersistentPlan& plan) {
  const auto fits = [&](std::int32_t streamed_tiles) {
    plan.shape.streamed_tiles = streamed_tiles;
    plan.bytes = bytes_of(spec, plan.shape);
    return plan.bytes.shared <= shared_bytes;
  };
  if (fits(0)) return true;
  const std::int32_t all = plan.shape.warp_tiles();
  if (!streams_weights(plan.shape.kind) || !fits(all)) return false;
  std::int32_t too_few = 0;
  std::int32_t enough = all;
  while (enough - too_few > 1) {
    const std::int32_t middle = too_few + (enough - too_few) / 2;
    (fits(middle) ? enough : too_few) = middle;
  }
  return fits(enough);
}

/// As stream_least, but with sums in one place where that leaves more room for weights.
bool make_room(const RecurrenceSpec& spec, std::size_t shared_bytes, PersistentPlan& plan) {
  const bool fits = stream_least(spec, shared_bytes, plan);
  if (plan.shape.kind != PersistentKind::grid || recurrent_product(spec, plan.shape).strict ||
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

/// Rounds in which the teams run; 0 where they cannot run. All teams of a grid must run at once.
std::int64_t waves(const PersistentShape& shape, const DeviceProperties& properties) {
  const std::int64_t at_once = teams_at_once(shape, properties);
  if (at_once == 0) return 0;
  const std::int64_t rounds = ceil_div(shape.teams, at_once);
  return shape.kind == PersistentKind::grid && rounds > 1 ? 0 : rounds;
}

/// Adds, behind the fastest plan, that plan with Polls::one_first, where it is a grid for few rows. The model does not
/// know which of the two is faster; a measurement of alternatives tells.
void add_other_polls(const RecurrenceSpec& spec, std::vector<PersistentPlan>& plans) {
  if (plans.empty() || recurrent_product(spec, plans.front().shape).strict) return;
  PersistentPlan other = plans.front();
  if (other.shape.kind != PersistentKind::grid || other.shape.row_tiles > 1) return;
  other.shape.polls = Polls::one_first;
  plans.insert(plans.begin() + 1, other);
}

}  // namespace

std::vector<PersistentPlan> unsorted_persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                                      PersistentKind kind, Pass pass) {
  std::vector<PersistentPlan> plans;
  if (spec.B == 0 || !has_operand(spec) || !is_plain(spec.cell) || other_activation(spec.cell)) return plans;
  const double inputs_ns = pass == Pass::forward ? input_product_ns(spec, properties) : 0.0;
  const std::vector<PersistentShape> shapes = candidate_shapes(spec, properties, kind, pass);
  plans.reserve(shapes.size() + 1);
  const auto add = [&](const PersistentShape& shape) {
    PersistentPlan plan{.shape = shape};
    const auto rounds = static_cast<double>(waves(shape, properties));
    if (rounds == 0 || !make_room(spec, properties.shared_bytes_per_block, plan)) return;
    if (shape.streams == Streams::once && plan.shape.streamed_tiles == 0)
      return;  // there are no streamed weights to read
    plan.step_ns = rounds * modelled_step_ns(spec, plan.shape, plan.bytes);
    plan.total_ns = start_ns(shape, plan.bytes, rounds) + plan.step_ns * static_cast<double>(spec.T) +
                    (shape.multiplies_inputs() ? 0.0 : inputs_ns);
    plans.push_back(plan);
  };
  for (const PersistentShape& shape : shapes) add(shape);
  return plans;
}

std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind) {
  std::vector<PersistentPlan> plans = unsorted_persistent_plans(spec, properties, kind, Pass::forward);
  std::ranges::stable_sort(plans, {}, &PersistentPlan::total_ns);
  add_other_polls(spec, plans);
  return plans;
}

}  // namespace rondo
