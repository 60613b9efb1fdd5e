/// Which plan a planner takes for a recurrence.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/planner/tuning_table.h"

namespace rondo {

/// A planner's answer: a plan, or the reason why it has none.
struct PersistentChoice {
  std::optional<PersistentPlan> plan = std::nullopt;
  std::string reason = {};              ///< a clause that reads on after "declined: "
  const TuningRow* stepwise = nullptr;  ///< the row of the table that says that cuda_stepwise is faster
};

/// What a planner chooses from. The spans' memory outlives the options.
struct PersistentOptions {
  std::span<const PersistentKind> kinds;
  std::span<const TuningRow> table;  ///< as is_tuning_table
};

/// All plans of these kinds that fit the device, in the order in which a planner prefers them: the plan that the table
/// has for the recurrence, where it fits, and then the others, sorted by the time that the model expects. Empty for a
/// recurrence that no kernel runs.
std::vector<PersistentPlan> ranked_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                              const PersistentOptions& options);

/// The plan for the gradients of a recurrence that the model expects to be the fastest, or why there is none.
PersistentChoice choose_persistent_backward(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                            std::span<const PersistentKind> kinds);

/// The first plan of ranked_persistent, or why there is none.
PersistentChoice choose_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                   const PersistentOptions& options);

}  // namespace rondo
