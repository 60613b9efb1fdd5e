/// Checks of the tensors of a run. Each function throws `ValueError` naming the tensor that does not fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"
#include "tensor/requirement.h"

namespace rondo {

/// Checks a tensor as check_tensor does, and that the elements of its innermost axis have no gaps.
void check_rows(const Tensor& tensor, const Requirement& required);

/// Checks that `states` is empty or has one tensor (B, state_units) for each state of the cell.
void check_states(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec);

/// Checks that `mask` is a boolean (T, B) if it is planned, and absent if it is not.
void check_mask(const std::optional<Tensor>& mask, bool planned, const RecurrenceSpec& spec);

/// Checks that `lengths` is (B,) of i32 if they are planned, and absent if they are not.
void check_lengths(const std::optional<Tensor>& lengths, bool planned, const RecurrenceSpec& spec);

}  // namespace rondo
