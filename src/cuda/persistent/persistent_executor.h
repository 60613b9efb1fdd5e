/// The executors that run a whole sequence in one launch.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/persistent/planner/persistent_plan.h"
#include "recurrence/executor.h"

namespace rondo {

/// "cuda_persistent": the fastest persistent kernel that the device has room for, unless cuda_stepwise is faster. Which
/// is faster, the tuning table says where it has a row for the recurrence, and a model elsewhere. It runs any cell and
/// Schedule, in f32 (strict, TF32 or three times TF32), f16 and bf16; sums, gates and states are f32. Where the device
/// has no room for the planned kernel when a session is made, the session runs the next one that the device has room
/// for, but none that is expected to be slower than cuda_stepwise.
const Executor& persistent_executor();

/// persistent_executor() with another tuning table, which outlives the executor and for which is_tuning_table holds.
std::unique_ptr<const Executor> tuned_persistent_executor(std::span<const TuningRow> table);

/// "cuda_block", "cuda_cluster", "cuda_grid": the fastest kernel of one kind, even where another executor is faster. A
/// caller asks for these by name.
std::span<const Executor* const> persistent_executors_by_kind();

/// An executor for every plan of a kind, sorted by the time that the model expects, so that they can be measured. Their
/// names are those of candidate_name.
std::vector<std::unique_ptr<const Executor>> persistent_alternatives(const RecurrenceSpec& spec,
                                                                     const DeviceProperties& properties,
                                                                     PersistentKind kind);

/// A plan, and its name as candidate_name has it.
struct PersistentCandidate {
  PersistentPlan plan = {};
  std::string name = {};
};

/// How one of these executors has decided to share out a recurrence; nothing for the decision of another executor.
std::optional<PersistentCandidate> persistent_candidate(const Decision& decision);

}  // namespace rondo
