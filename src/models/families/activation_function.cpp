#include "models/families/activation_function.h"

#include "rondo/ops/ops.h"

namespace rondo {

TensorFunction activation_function(const LayerFields& config, const char* key) {
  if (config.value(key) == "softmax") return {"softmax", [](const Tensor& x) { return softmax(x); }, false, true};
  const Activation activation = config.activation(key, Activation::linear);
  return {to_string(activation), [activation](const Tensor& x) { return activate(activation, x); },
          activation == Activation::linear};
}

}  // namespace rondo
