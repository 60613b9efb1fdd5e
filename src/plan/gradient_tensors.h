/// Checks of the tensors of a backward, and their addresses.
#pragma once

#include "plan/run_tensors.h"
#include "recurrence/gradient_buffers.h"

namespace rondo {

/// The tensors of a run that its gradients are computed from.
SessionTensors kept_of(const SessionTensors& run);

/// The addresses of the gradients of `run`, which has what kept_of leaves. Throws `ValueError` naming the tensor that
/// does not fit the spec.
GradientBuffers gradient_buffers(const RecurrenceSpec& spec, const SessionTensors& run,
                                 const SessionGradients& gradients, const RunMemory& memory);

}  // namespace rondo
