#include "rondo/pytorch_weights.h"

#include <utility>
#include <vector>

#include "rondo/error.h"
#include "rondo/ops.h"

namespace rondo {
namespace {

/// The tensors of one layer, found by name and checked against each other.
class Parameters {
 public:
  Parameters(const Safetensors& file, const PytorchLayer& layer)
      : file_(file),
        prefix_(layer.prefix),
        suffix_("_l" + std::to_string(layer.layer) + (layer.reverse ? "_reverse" : "")),
        gates_(gate_count(layer.kind)) {
    const Tensor recurrent = find("weight_hh");
    const bool fits = recurrent.rank() == 2 && recurrent.size(1) > 0 && recurrent.size(0) == gates_ * recurrent.size(1);
    if (!fits || !is_floating(recurrent.dtype())) {
      throw ValueError(where("weight_hh"), describe(recurrent),
                       "floats of shape (" + std::to_string(gates_) + " H, H)");
    }
    units_ = recurrent.size(1);
    dtype_ = recurrent.dtype();
    if (contains("weight_hr")) throw ValueError(where("weight_hr"), "a projection", "a module with proj_size 0");
  }

  bool has_bias() const {
    if (contains("bias_ih") == contains("bias_hh")) return contains("bias_ih");
    throw ValueError(where(contains("bias_ih") ? "bias_hh" : "bias_ih"), "nothing", "both biases or neither");
  }

  /// (G H, I).
  Tensor matrix(const char* name) const {
    const Tensor tensor = find(name);
    if (tensor.rank() != 2 || tensor.size(0) != gates_ * units_ || tensor.dtype() != dtype_) {
      refuse(name, tensor, " of " + std::to_string(gates_ * units_) + " rows");
    }
    return tensor;
  }

  Tensor vector(const char* name) const {
    const Tensor tensor = find(name);
    const Shape shape{gates_ * units_};
    if (tensor.shape() != shape || tensor.dtype() != dtype_) refuse(name, tensor, to_string(shape));
    return tensor;
  }

 private:
  std::string full_name(const char* name) const { return prefix_ + name + suffix_; }
  bool contains(const char* name) const { return file_.contains(full_name(name)); }
  Tensor find(const char* name) const { return file_.tensor(full_name(name)); }
  std::string where(const char* name) const { return file_.file() + ": tensor '" + full_name(name) + "'"; }
  [[noreturn]] void refuse(const char* name, const Tensor& came, const std::string& shape) const {
    throw ValueError(where(name), describe(came), to_string(dtype_) + shape + ", as weight_hh says");
  }

  const Safetensors& file_;
  std::string prefix_;
  std::string suffix_;
  std::int64_t gates_;
  std::int64_t units_ = 0;
  DType dtype_ = DType::f32;
};

/// Blocks of gates along axis 0 in Keras's order. Only the GRU's differs: r z n becomes z r h.
Tensor keras_order(const Tensor& tensor, CellKind kind) {
  if (kind != CellKind::gru) return tensor;
  const std::vector<Tensor> gates = split(tensor, 3, 0);
  return concat({gates[1], gates[0], gates[2]}, 0);
}

Tensor transposed(const Tensor& matrix) { return matrix.transpose({1, 0}).clone(); }

}  // namespace

RecurrentWeights pytorch_weights(const Safetensors& file, const PytorchLayer& layer) {
  const Parameters parameters(file, layer);
  RecurrentWeights weights;
  weights.kernel = transposed(keras_order(parameters.matrix("weight_ih"), layer.kind));
  weights.recurrent_kernel = transposed(keras_order(parameters.matrix("weight_hh"), layer.kind));
  if (!parameters.has_bias()) return weights;
  const Tensor input_bias = keras_order(parameters.vector("bias_ih"), layer.kind);
  const Tensor recurrent_bias = keras_order(parameters.vector("bias_hh"), layer.kind);
  // A GRU multiplies the recurrent bias of the candidate by r, so the two cannot be added.
  weights.bias = layer.kind == CellKind::gru ? concat({input_bias.insert_axis(0), recurrent_bias.insert_axis(0)}, 0)
                                             : add(input_bias, recurrent_bias);
  return weights;
}

}  // namespace rondo
