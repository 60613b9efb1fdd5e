/// Checks of the tensors of a run, and their addresses. Each function throws `ValueError` naming the tensor that does
/// not fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/packed_rows.h"
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

/// Checks that `resets` is a boolean (T, B), or packed as `x`, if they are planned, and absent if they are not.
void check_resets(const std::optional<Tensor>& resets, bool planned, const RecurrenceSpec& spec, const Tensor& x);

/// Checks that `states` is empty, or if resets are planned has one tensor (state_units) or (B, state_units) for each
/// state of the cell.
void check_reset_state(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec);

/// The shape of a sequence of this width: (T, B, width), or packed (N, width) with the rows N of `x`.
Shape sequence_shape(const RecurrenceSpec& spec, const Tensor& x, std::int64_t width);

/// Checks that `reserve` has this many bytes if the spec keeps something, and is absent if not.
void check_reserve(const std::optional<Tensor>& reserve, std::size_t bytes, const RecurrenceSpec& spec);

/// What a session has for its runs.
struct RunMemory {
  std::uint32_t* flags = nullptr;                               ///< RecurrenceBuffers::flags
  const PackedRows* packed = nullptr;                           ///< where the spec is packed
  std::optional<std::size_t> own_reserve_bytes = std::nullopt;  ///< Decision::own_reserve_bytes
};

struct NamedSequence {
  const char* name;
  const Tensor& tensor;
  std::int64_t width;
};

/// The address of a sequence of the run, which is checked against the spec.
SequenceBuffer sequence_buffer(const RecurrenceSpec& spec, const SessionTensors& run, const NamedSequence& sequence,
                               const RunMemory& memory);
/// The address of rows (B, P or H).
BatchBuffer batch_buffer(const RecurrenceSpec& spec, const Tensor& tensor, const char* name);
/// The addresses of states, after check_states.
std::array<BatchBuffer, kMaxStates> state_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec);
/// The addresses of reset states, after check_reset_state. A state of (H) is one row for the whole batch: its stride is
/// 0.
std::array<BatchBuffer, kMaxStates> reset_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec);

/// The addresses of the tensors of a run, which are checked against the spec.
RecurrenceBuffers run_buffers(const RecurrenceSpec& spec, const SessionTensors& tensors, const RunMemory& memory);

}  // namespace rondo
