/// Which way to share out a recurrence a planner takes. Floor 4.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/planner/tuning_table.h"

namespace rondo {

/// A planner's answer: a plan, or why there is none.
struct PersistentChoice {
  std::optional<PersistentPlan> plan = std::nullopt;
  std::string reason = {};              ///< a clause that reads on after "declined: "
  const TuningRow* stepwise = nullptr;  ///< the row of the table that says that cuda_stepwise is faster
};

/// What a planner chooses from. What it points to outlives it.
struct PersistentOptions {
  std::span<const PersistentKind> kinds;
  std::span<const TuningRow> table;  ///< as is_tuning_table
};

/// All ways of these kinds that fit the device, in the order in which a planner prefers them: the one that the table
/// has for the recurrence, where it is among them, and then those that the model expects to be fastest. None for a
/// recurrence that no kernel runs.
std::vector<PersistentPlan> ranked_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                              const PersistentOptions& options);

/// The first of these ways.
PersistentChoice choose_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                   const PersistentOptions& options);

}  // namespace rondo
