/// Checks of the tensors of a run, and their addresses. Each function throws `ValueError` naming the tensor that does
/// not fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recurrence/buffers.h"
#include "rondo/plan/plan.h"
#include "tensor/requirement.h"

namespace rondo {

/// Checks a tensor as check_tensor does, and that the elements of its innermost axis have no gaps.
void check_rows(const Tensor& tensor, const Requirement& required);

/// Whether check_states accepts the states. Makes no text, and so costs little.
bool states_fit(const std::vector<Tensor>& states, const RecurrenceSpec& spec);

/// Checks that `states` is empty or has one tensor (B, state_units) for each state of the cell.
void check_states(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec);

/// Checks that `mask` is a boolean (T, B) if it is planned, and absent if it is not.
void check_mask(const std::optional<Tensor>& mask, bool planned, const RecurrenceSpec& spec);

/// Checks that `lengths` is (B,) of i32 if they are planned, and absent if they are not.
void check_lengths(const std::optional<Tensor>& lengths, bool planned, const RecurrenceSpec& spec);

/// The addresses of the tensors of a run, which are checked against the spec. `flags` are RecurrenceBuffers::flags.
RecurrenceBuffers run_buffers(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags);

}  // namespace rondo
