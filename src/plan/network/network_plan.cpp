#include <algorithm>
#include <sstream>

#include "plan/network/network_reserve.h"
#include "plan/network/network_stages.h"
#include "plan/network/sequence_swap.h"
#include "plan/planner.h"
#include "plan/unwritten_reserve.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t carried_bytes(const NetworkStage& stage) {
  std::size_t bytes = 0;
  if (stage.kind != StageKind::wavefront) return bytes;
  for (const NetworkLane& lane : stage.lanes) {
    const RecurrenceSpec& spec = lane.plan.spec();
    for (int k = 0; k < state_count(spec.cell.kind); ++k) {
      bytes += static_cast<std::size_t>(spec.B * state_units(spec.cell, k)) * size_of(spec.dtype);
    }
  }
  return bytes;
}

std::string share_of(const NetworkStage& stage, const DeviceProperties& properties) {
  return "each on " + std::to_string(stage.lanes.front().plan.properties().processors) + " of " +
         std::to_string(properties.processors) + " processors";
}

std::string chunks_of(const NetworkStage& stage, std::int64_t T) {
  const std::int64_t steps = stage.chunk_steps;
  const std::int64_t rest = T % steps;
  std::string text = std::to_string((T + steps - 1) / steps) + " chunks of " + std::to_string(steps) + " steps";
  if (rest > 0) text += ", the last one of " + std::to_string(rest);
  return text;
}

std::string heading(const NetworkStage& stage, const NetworkPlan& plan) {
  const NetworkLane& first = stage.lanes.front();
  switch (stage.kind) {
    case StageKind::alone: return name_of(first.layer, first.direction) + " runs alone";
    case StageKind::both_directions:
      return "both directions of layers[" + std::to_string(first.layer) + "] run at once, " +
             share_of(stage, plan.properties());
    case StageKind::wavefront:
      return "layers[" + std::to_string(first.layer) + "] to layers[" + std::to_string(stage.lanes.back().layer) +
             "] run at once as a wavefront, each a chunk behind the one below it: " +
             chunks_of(stage, plan.spec().layers.front().forward.T) + ", " + share_of(stage, plan.properties());
  }
  throw ValueError("stage kind", std::to_string(static_cast<int>(stage.kind)), "one of the StageKind values");
}

void write_indented(std::ostream& text, const std::string& lines, const char* indent) {
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) text << "\n" << indent << line;
}

}  // namespace

std::int64_t output_features(const NetworkLayer& layer) {
  return output_units(layer.forward.cell) + (layer.backward ? output_units(layer.backward->cell) : 0);
}

NetworkPlan NetworkPlan::create(const NetworkSpec& spec, const NetworkOptions& options) {
  check_network(spec);
  return create(spec, properties_of(spec.layers.front().forward.device), options);
}

NetworkPlan NetworkPlan::create(const NetworkSpec& spec, const DeviceProperties& properties,
                                const NetworkOptions& options) {
  return Planner::network_plan(spec, properties, options, nullptr);
}

NetworkPlan Planner::network_plan(const NetworkSpec& spec, const DeviceProperties& properties,
                                  const NetworkOptions& options, const Executor* unlisted) {
  check_network(spec);
  if (options.chunk_steps < 0) {
    throw ValueError("chunk_steps", std::to_string(options.chunk_steps), "at least 1, or 0 for the plan's choice");
  }
  return NetworkPlan(spec, properties, options, plan_stages(spec, properties, options, unlisted));
}

NetworkPlan network_plan_for(const Executor& executor, const NetworkSpec& spec, const NetworkOptions& options) {
  check_network(spec);
  return Planner::network_plan(spec, properties_of(spec.layers.front().forward.device), options, &executor);
}

NetworkPlan::NetworkPlan(const NetworkSpec& spec, const DeviceProperties& properties, const NetworkOptions& options,
                         std::vector<NetworkStage> stages)
    : spec_(spec), properties_(properties), options_(options), stages_(std::move(stages)) {}

std::size_t NetworkPlan::reserve_bytes(std::optional<std::int64_t> packed_rows) const {
  const RecurrenceSpec& first = spec_.layers.front().forward;
  if (first.keep == Keep::nothing) return 0;
  return network_reserve(spec_, first.packed && packed_rows ? *packed_rows : first.T * first.B).bytes;
}

Tensor NetworkPlan::empty_reserve(std::optional<std::int64_t> packed_rows) const {
  const RecurrenceSpec& first = spec_.layers.front().forward;
  if (first.keep == Keep::nothing) {
    throw ValueError("keep", "nothing", "states or gates in the specs, for a reserve");
  }
  return unwritten_reserve(first, reserve_bytes(packed_rows));
}

std::size_t NetworkPlan::scratch_bytes() const {
  std::size_t most = 0;
  for (const NetworkStage& stage : stages_) {
    std::size_t bytes = 0;
    for (const NetworkLane& lane : stage.lanes) bytes += rondo::scratch_bytes(lane);
    most = std::max(most, bytes);
  }
  return most;
}

std::size_t NetworkPlan::workspace_bytes() const {
  const bool swaps = swaps_reserve(spec_.layers.front().forward);
  std::size_t bytes = scratch_bytes() + (swaps ? 2 : 1) * sequence_bytes(spec_);  // where it swaps, gradients as well
  for (const NetworkStage& stage : stages_) bytes += carried_bytes(stage);
  return bytes;
}

std::string NetworkPlan::explain() const {
  std::ostringstream text;
  text << "network of " << spec_.layers.size() << (spec_.layers.size() == 1 ? " layer" : " layers") << " on "
       << to_string(device()) << ", with a workspace of " << workspace_bytes() << " bytes";
  for (const NetworkStage& stage : stages_) {
    text << "\n  " << heading(stage, *this);
    if (!stage.note.empty()) text << ": " << stage.note;
    for (const NetworkLane& lane : stage.lanes) write_indented(text, lane.plan.explain(), "    ");
  }
  return text.str();
}

}  // namespace rondo
