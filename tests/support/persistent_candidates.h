/// Finds a candidate that a test wants, among the ways to share out a recurrence (candidate_name).
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cuda/persistent/persistent_backward.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_plan.h"

namespace rondo::test {

/// Replaces a smaller count of multiprocessors. The simulated device runs this many blocks at once with any count.
inline constexpr int kFewestProcessors = 16;

/// The candidate with the least predicted time whose shape is `wanted`; null where there is none.
template <typename Wanted>
std::unique_ptr<const Executor> fastest_candidate(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                                  PersistentKind kind, const Wanted& wanted) {
  const std::vector<PersistentPlan> plans = persistent_plans(spec, properties, kind);
  const auto found = std::ranges::find_if(plans, wanted, &PersistentPlan::shape);
  if (found == plans.end()) return nullptr;
  auto executors = persistent_alternatives(spec, properties, kind);
  return std::move(executors[static_cast<std::size_t>(found - plans.begin())]);
}

/// An executor of the fastest predicted grid shape on a device with as little shared memory as the shape needs. With
/// little shared memory, kernels stream weights and keep sums in one place.
template <typename Wanted>
std::unique_ptr<const Executor> grid_candidate_in_little_memory(const RecurrenceSpec& spec, DeviceProperties properties,
                                                                const Wanted& wanted) {
  properties.processors = std::max(kFewestProcessors, properties.processors);
  for (properties.shared_bytes_per_block = 12 << 10; properties.shared_bytes_per_block < 200 << 10;
       properties.shared_bytes_per_block += 4 << 10) {
    if (auto executor = fastest_candidate(spec, properties, PersistentKind::grid, wanted)) return executor;
  }
  return nullptr;
}

/// The teams of a candidate of this name.
inline int teams_of(std::string_view name) { return std::stoi(std::string(name.substr(name.find('x') + 1))); }

/// Executors of gradients whose blocks scatter sums, of up to three teams: more teams take longer, and compute alike.
inline std::vector<std::unique_ptr<const Executor>> scattered_gradients(const RecurrenceSpec& spec,
                                                                        DeviceProperties properties) {
  properties.processors = std::max(kFewestProcessors, properties.processors);
  auto executors = persistent_backward_alternatives(spec, properties, PersistentKind::cluster);
  std::erase_if(executors, [](const auto& executor) {
    constexpr int kMostTeams = 3;
    return !executor->name().ends_with("_scattered") || teams_of(executor->name()) > kMostTeams;
  });
  return executors;
}

}  // namespace rondo::test
