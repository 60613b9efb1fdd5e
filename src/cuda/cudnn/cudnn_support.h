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

/// Why cuDNN does not keep what the spec asks for.
std::optional<Refusal> cudnn_refusal_to_keep(const RecurrenceSpec& spec);

/// The network of one layer that carries out an accepted spec: for training where the spec keeps something.
CudnnConfig cudnn_config(CudnnAlgorithm algorithm, const RecurrenceSpec& spec);

/// The layout of cuDNN in which x and y lie. Throws `ValueError` naming a tensor that has gaps, or a layout of y that
/// differs from x's.
CudnnLayout cudnn_layout(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

/// Throws `ValueError` naming a state, or the last output, whose rows have gaps.
void check_cudnn_states(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers);

/// The layout of the run, in which the gradients of x and y lie as well. Throws `ValueError` naming a gradient of a
/// sequence in another layout, or a gradient of a state or of the last output whose rows have gaps.
CudnnLayout checked_cudnn_gradients(const RecurrenceSpec& spec, const GradientBuffers& buffers);

}  // namespace rondo
