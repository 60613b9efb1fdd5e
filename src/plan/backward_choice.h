/// Who computes the gradients of a plan.
#pragma once

#include <optional>
#include <span>

#include "plan/planner.h"

namespace rondo {

/// Throws `ValueError` naming "math" where a spec keeps something and its products have no gradients.
void check_has_gradients(const RecurrenceSpec& spec);

/// Who may compute the gradients. The executors outlive the plan.
struct BackwardCandidates {
  std::span<const Executor* const> executors;
  bool named = false;  ///< by the caller
};

/// Finds who computes the gradients of a plan that has its executor, and who does so after a stall. Of a reserve that
/// the plan's executor alone reads, only that one can: with no executor named, there is no other candidate.
void find_backward(Planner::Data& data, const BackwardCandidates& candidates);

/// Why an executor cannot have the reserve in the host's memory, where the spec wants that; absent: it can.
std::optional<Refusal> refuse_to_swap(const Executor& executor, const RecurrenceSpec& spec);

}  // namespace rondo
