/// Whether a configuration fits a whole Keras model.
#pragma once

#include "model_config.h"
#include "rondo/models/model.h"

namespace rondo::triton {

/// Inputs and outputs of the configuration are those of the model, in the model's order. Throws `ValueError` naming the
/// one that does not fit.
void check_shapes(const ModelConfig& config, const Model& model);

/// An answer has the type and the sizes that the configuration promises. Throws `ValueError` naming the output.
void check_answer(const TensorConfig& config, const Tensor& answer);

}  // namespace rondo::triton
