#include "rondo/formats/pytorch_weights.h"

#include <utility>

#include "formats/weights/pytorch_layer.h"
#include "formats/weights/pytorch_tensors.h"
#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

/// The names in the file: those of a cell (nn.LSTMCell) where it has none of a module.
std::string suffix_in(const PytorchTensors& tensors, const PytorchLayer& layer) {
  const std::string suffix = pytorch_suffix(layer);
  const bool may_be_cell = layer.layer == 0 && !layer.reverse;
  return may_be_cell && !tensors.contains("weight_hh" + suffix) && tensors.contains("weight_hh") ? "" : suffix;
}

/// The tensors of one layer, found by name and checked against each other.
class Parameters {
 public:
  Parameters(const PytorchTensors& tensors, const PytorchLayer& layer)
      : tensors_(tensors),
        suffix_(suffix_in(tensors_, layer)),
        gates_(std::ssize(gate_order(WeightOrigin::pytorch, layer.kind))) {
    if (has_projection() && layer.kind != CellKind::lstm) {
      throw ValueError(where("weight_hr"), "a projection of a " + to_string(layer.kind), "one of an LSTM");
    }
    const Tensor recurrent = find("weight_hh");
    const bool fits = recurrent.rank() == 2 && recurrent.size(0) > 0 && recurrent.size(0) % gates_ == 0 &&
                      (has_projection() || recurrent.size(0) == gates_ * recurrent.size(1));
    if (!fits || !is_floating(recurrent.dtype())) {
      throw ValueError(where("weight_hh"), describe(recurrent),
                       "floats of shape (" + std::to_string(gates_) + " H, " + (has_projection() ? "P)" : "H)"));
    }
    units_ = recurrent.size(0) / gates_;
    width_ = recurrent.size(1);
    dtype_ = recurrent.dtype();
  }

  bool has_projection() const { return contains("weight_hr"); }

  bool has_bias() const {
    if (contains("bias_ih") == contains("bias_hh")) return contains("bias_ih");
    throw ValueError(where(contains("bias_ih") ? "bias_hh" : "bias_ih"), "nothing", "both biases or neither");
  }

  /// A matrix of G H rows.
  Tensor matrix(const char* name) const {
    const Tensor tensor = find(name);
    if (tensor.rank() != 2 || tensor.size(0) != gates_ * units_ || tensor.dtype() != dtype_) {
      throw ValueError(where(name), describe(tensor),
                       to_string(dtype_) + " of " + std::to_string(gates_ * units_) + " rows, " + kReason);
    }
    return tensor;
  }

  Tensor bias(const char* name) const { return shaped(name, {gates_ * units_}); }
  Tensor projection() const { return shaped("weight_hr", {width_, units_}); }

 private:
  static constexpr const char* kReason = "as weight_hh says";

  bool contains(const char* name) const { return tensors_.contains(name + suffix_); }
  Tensor find(const char* name) const { return tensors_.find(name + suffix_); }
  std::string where(const char* name) const { return tensors_.where(name + suffix_); }

  Tensor shaped(const char* name, const Shape& shape) const {
    const Tensor tensor = find(name);
    check_tensor(tensor, {.name = where(name), .shape = shape, .dtype = dtype_, .reason = kReason});
    return tensor;
  }

  const PytorchTensors& tensors_;
  std::string suffix_;
  std::int64_t gates_;
  std::int64_t units_ = 0;
  std::int64_t width_ = 0;  // width of the state that weight_hh multiplies: P or H
  DType dtype_ = DType::f32;
};

BiasForm bias_form_of(CellKind kind) { return bias_form({.kind = kind, .reset_after = true}); }

RecurrentWeights convert(const Parameters& parameters, CellKind kind) {
  RowWeights rows{.kernel = parameters.matrix("weight_ih"), .recurrent_kernel = parameters.matrix("weight_hh")};
  if (parameters.has_bias()) {
    rows.bias = parameters.bias("bias_ih");
    rows.recurrent_bias = parameters.bias("bias_hh");
  }
  RecurrentWeights weights = keras_weights(rows, gate_order(WeightOrigin::pytorch, kind), bias_form_of(kind));
  if (parameters.has_projection()) weights.projection = parameters.projection().transpose({1, 0}).clone();
  return weights;
}

}  // namespace

std::string pytorch_suffix(const PytorchLayer& layer) {
  if (layer.cell) return "";
  return "_l" + std::to_string(layer.layer) + (layer.reverse ? "_reverse" : "");
}

RecurrentWeights read_pytorch_layer(const PytorchTensors& tensors, const PytorchLayer& layer) {
  return convert(Parameters(tensors, layer), layer.kind);
}

RecurrentWeights pytorch_weights(const Safetensors& file, const PytorchLayer& layer) {
  return read_pytorch_layer(PytorchTensors(file, layer.prefix), layer);
}

std::vector<NamedTensor> pytorch_parameters(const RecurrentWeights& weights, const PytorchLayer& layer) {
  check_reset_after(weights, layer.kind, "PyTorch");
  check_no_peepholes(weights, "PyTorch");
  const RowWeights rows = row_weights(weights, gate_order(WeightOrigin::pytorch, layer.kind));
  std::vector<NamedTensor> tensors;
  const auto put = [&](const char* name, const Tensor& tensor) {
    tensors.push_back({layer.prefix + name + pytorch_suffix(layer), tensor});
  };
  put("weight_ih", rows.kernel);
  put("weight_hh", rows.recurrent_kernel);
  if (rows.bias) {
    put("bias_ih", *rows.bias);
    put("bias_hh", *rows.recurrent_bias);
  }
  if (weights.projection) put("weight_hr", weights.projection->transpose({1, 0}).clone());
  return tensors;
}

}  // namespace rondo
