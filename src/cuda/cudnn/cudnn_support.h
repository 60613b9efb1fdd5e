/// What cuDNN's executors accept, by host arithmetic: without cuDNN, so that a build without it can test this.
#pragma once

#include <string_view>

#include "cuda/cudnn/cudnn_config.h"
#include "recurrence/executor.h"

namespace rondo {

/// "cudnn_standard", "cudnn_persist_static", "cudnn_persist_dynamic", "cudnn_persist_static_small_h".
std::string_view cudnn_executor_name(CudnnAlgorithm algorithm);

/// A refusal of what cuDNN cannot express, and of what it refuses on every device; nothing where it accepts the spec.
/// Limits that depend on a device or on a version of cuDNN, such as the largest H of the persistent algorithms, show
/// only when a runner is made.
std::optional<Refusal> cudnn_refusal(CudnnAlgorithm algorithm, const RecurrenceSpec& spec);

/// The network of one layer that carries out an accepted spec.
CudnnConfig cudnn_config(CudnnAlgorithm algorithm, const RecurrenceSpec& spec);

/// The layout of cuDNN in which x and y lie. Throws `ValueError` naming a tensor that has gaps, or a layout of y that
/// differs from x's.
CudnnLayout cudnn_layout(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

/// Throws `ValueError` naming a state, or the last output, whose rows have gaps.
void check_cudnn_states(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

}  // namespace rondo
