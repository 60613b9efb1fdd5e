/// How the persistent executors compute gradients: all steps in one launch of a kernel, and the products over whole
/// sequences as cuda_stepwise computes them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "cuda/persistent/shape/persistent_shape.h"
#include "recurrence/executor.h"

namespace rondo {

/// Accepts the gradients of plain cells in f32, TF32, f16 and bf16, where a kernel of one of these kinds has room for
/// the recurrent kernel. With more than one kind, cuda_stepwise must not be expected to be faster.
BackwardAnswer decide_persistent_backward(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                          std::span<const PersistentKind> kinds);

/// An executor of gradients alone for every plan of a kind, sorted by the time that the model expects. Their names are
/// those of candidate_name. Empty where decide_persistent_backward accepts the gradients with no kind.
std::vector<std::unique_ptr<const Executor>> persistent_backward_alternatives(const RecurrenceSpec& spec,
                                                                              const DeviceProperties& properties,
                                                                              PersistentKind kind);

}  // namespace rondo
