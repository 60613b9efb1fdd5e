/// Chooses the executors that a golden case runs on, and counts the cases of each executor.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rondo/keras/cells.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::golden {

/// The recurrences that are planned in a case.
struct PlannedWork {
  std::vector<RecurrenceSpec> specs = {};
  bool never_waits = false;  ///< PlanOptions::never_waits, for recurrences that are recorded in a graph
  bool certain = true;       ///< false: the case may run without a plan
};

/// Runs a case with the executor of this name, or, for an empty name, with the plan's own choice. Returns the
/// differences in words, empty when the case passes.
using CheckOn = std::function<std::string(const std::string& executor)>;

/// Runs a case with the plan's own choice and with each other executor that accepts all of its recurrences, and counts
/// the case for them. Leaves out cuDNN's executors, which refuse some layouts, and the names in RONDO_TEST_WITHOUT. A
/// case without a plan runs once, and counts for no executor. An executor's name that does not reach the plans of the
/// case is a difference.
std::string on_executors(const PlannedWork& work, const CheckOn& check);

/// Counts a case for the executor of this name.
void count_case(const std::string& executor);

/// How many cases have run on the executor of this name, by name or as the plan's own choice.
int cases_run_on(const std::string& executor);

/// Whether on_executors may ask for the executor.
bool is_asked(const std::string& executor);

/// The recurrence of T steps of a known cell for B rows. A cell that is called by itself plans T = 1.
RecurrenceSpec spec_of_steps(const KnownCell& cell, std::int64_t T, std::int64_t B);

}  // namespace rondo::golden
