/// The executors that run a whole sequence in one launch. Floor 4.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/persistent/planner/persistent_plan.h"
#include "recurrence/executor.h"

namespace rondo {

/// "cuda_persistent": the fastest persistent kernel that the device has room for, unless cuda_stepwise is faster: as
/// was measured where the tuning table has a row for it, or else as a model expects. Any cell and Schedule, in f32
/// (strict, TF32 or three times TF32), f16 and bf16; sums, gates and states are f32. Where the device has no room for
/// the planned kernel when a session is made, the session runs the next one that it has room for, and cuda_stepwise
/// where that is expected to be faster.
const Executor& persistent_executor();

/// The same with another tuning table, which outlives it and is as is_tuning_table.
std::unique_ptr<const Executor> tuned_persistent_executor(std::span<const TuningRow> table);

/// "cuda_block", "cuda_cluster", "cuda_grid": the fastest of one kind, whatever else there is. A plan is asked for
/// these by name. To make a runner throws `RuntimeError` where the device has room for no kernel of that kind.
std::span<const Executor* const> persistent_executors_by_kind();

/// An executor for every way in which a kind of kernel can share out this recurrence, the one that is expected to be
/// fastest first: to compare them, whatever a planner takes. They are named by candidate_name.
std::vector<std::unique_ptr<const Executor>> persistent_alternatives(const RecurrenceSpec& spec,
                                                                     const DeviceProperties& properties,
                                                                     PersistentKind kind);

/// A plan, and its name as candidate_name has it.
struct PersistentCandidate {
  PersistentPlan plan = {};
  std::string name = {};
};

/// How one of these executors shares out a recurrence that it supports; nothing for any other executor.
std::optional<PersistentCandidate> persistent_candidate(const Executor& executor, const RecurrenceSpec& spec,
                                                        const DeviceProperties& properties);

/// A runner, or why the device has no room for it after all.
struct PersistentAttempt {
  std::unique_ptr<Runner> runner = nullptr;
  std::string reason = {};  ///< "<way>: <what it needs and what the device has>"
};

/// A runner for one way to share out the recurrence. What a GPU has room for is known when it is asked: large clusters,
/// for one, depend on which parts of it are there. Where the way needs more than `workspace_bytes`, those of another
/// one that a plan was made with, the runner has a workspace of its own.
PersistentAttempt make_persistent_runner(const RunnerRequest& request, const PersistentShape& shape,
                                         std::size_t workspace_bytes);

}  // namespace rondo
