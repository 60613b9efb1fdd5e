/// The operators LSTMStream, GRUStream and RNNStream, which ONNX does not have.
#pragma once

#include "runtime.h"

namespace rondo::ort {

/// Tells a session of the operators, so that it loads models with them. The provider runs them: a session without it
/// refuses such a model.
void add_stream_operators(const Runtime& runtime, OrtSessionOptions& options);

}  // namespace rondo::ort
