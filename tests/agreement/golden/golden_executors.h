/// Which executors a golden case runs on, and how many cases each of them has run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rondo/keras/cells.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::golden {

/// The recurrences that a case plans.
struct PlannedWork {
  std::vector<RecurrenceSpec> specs = {};
  bool never_waits = false;  ///< as PlanOptions has it: where they are recorded in a graph
  bool certain = true;       ///< false: there may be no step that is planned
};

/// Runs a case with the executor of this name, or, for an empty one, with the plan's own choice. Returns the
/// differences in words, empty when the case passes.
using CheckOn = std::function<std::string(const std::string& executor)>;

/// Runs a case with the plan's own choice and with each other executor that accepts all of its recurrences, and counts
/// that. Those of cuDNN are not asked, as they do not take any layout, nor those that RONDO_TEST_WITHOUT names. A case
/// that plans nothing runs once, and counts for nobody. It is a difference that what a case asks for does not reach its
/// plans.
std::string on_executors(const PlannedWork& work, const CheckOn& check);

/// How many cases have run on the executor of this name, which was asked for or was the plan's own choice.
int cases_run_on(const std::string& executor);

/// Whether on_executors may ask for it.
bool is_asked(const std::string& executor);

/// T steps of a known cell for B rows; T = 1 is what a cell plans that is called by itself.
RecurrenceSpec spec_of_steps(const KnownCell& cell, std::int64_t T, std::int64_t B);

}  // namespace rondo::golden
