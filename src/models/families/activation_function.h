/// Activations as functions of tensors.
#pragma once

#include <functional>

#include "models/layer_fields.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// A function of a tensor that keeps its shape.
struct TensorFunction {
  std::string name;  ///< Keras's
  std::function<Tensor(const Tensor&)> compute;
  bool is_linear = false;
  bool along_last_axis = false;  ///< each value depends on its last axis; else on its element alone
};

/// The activation that a key names; null and a missing key are linear. Throws `ValueError` for an unknown one.
TensorFunction activation_function(const LayerFields& config, const char* key);

}  // namespace rondo
