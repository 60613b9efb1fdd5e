/// What the tensors of a run must be. Each function throws `ValueError` naming the tensor that is not so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"
#include "tensor/requirement.h"

namespace rondo {

/// As check_tensor, for a tensor that must also have no gaps between the elements of its innermost axis.
void check_rows(const Tensor& tensor, const Requirement& required);

/// None, or one of each of the cell's states, (B, state_units).
void check_states(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec);

/// (T, B) boolean where it is planned, and absent where it is not.
void check_mask(const std::optional<Tensor>& mask, bool planned, const RecurrenceSpec& spec);

/// (B,) i32 alike.
void check_lengths(const std::optional<Tensor>& lengths, bool planned, const RecurrenceSpec& spec);

}  // namespace rondo
