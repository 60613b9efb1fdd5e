/// Recurrent networks of files of PyTorch, ONNX and Keras.
#pragma once

#include <rondo/rondo.h>

#include <memory>

#include "arguments.h"
#include "runnable.h"

namespace rondo::program {

std::unique_ptr<Runnable> pytorch_runnable(const ModelChoice& choice);
std::unique_ptr<Runnable> onnx_runnable(const ModelChoice& choice);

/// The contents of a .keras, an .h5, or a .json with its weights.
KerasModel open_keras(const ModelChoice& choice);

}  // namespace rondo::program
