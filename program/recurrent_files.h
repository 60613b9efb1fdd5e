/// Recurrent networks of files of PyTorch, ONNX and Keras.
#pragma once

#include <rondo/rondo.h>

#include <memory>

#include "arguments.h"
#include "runnable.h"

namespace rondo::program {

std::unique_ptr<Runnable> pytorch_runnable(const ModelChoice& choice);
std::unique_ptr<Runnable> onnx_runnable(const ModelChoice& choice);

/// The nodes of an ONNX model that Rondo leaves out, "1 Gather, 2 MatMul", but for those that move numbers about and
/// make weights, as exporters write around a recurrence.
std::string nodes_left_out(const OnnxModel& model);

/// The contents of a .keras, an .h5, or a .json with its weights.
KerasModel open_keras(const ModelChoice& choice);

}  // namespace rondo::program
