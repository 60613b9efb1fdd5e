/// Which shapes a persistent kernel of a kind may have for a recurrence.
#pragma once

#include <vector>

#include "cuda/persistent/shape/operand_kind.h"
#include "cuda/persistent/shape/persistent_shape.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

inline std::int64_t ceil_div(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

/// All shapes that there are kernels for, whether they fit the device's memory or not. Each forward shape stands before
/// its variants: with a kernel that multiplies x itself, and with streamed weights that a step reads once for all
/// passes.
std::vector<PersistentShape> candidate_shapes(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                              PersistentKind kind, Pass pass);

}  // namespace rondo
