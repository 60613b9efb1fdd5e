#include "rondo/formats/tf1_weights.h"

#include <array>

#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

// The peepholes' variables in the order of the rows of RecurrentWeights::peepholes.
constexpr std::array kPeepholes{"w_i_diag", "w_f_diag", "w_o_diag"};
constexpr const char* kProjection = "projection/kernel";

/// The variables of one cell, found by name, with or without ":0" at the end.
class Variables {
 public:
  Variables(const NumpyArchive& file, const Tf1Cell& cell) : file_(file), prefix_(cell.prefix) {}

  bool contains(const char* name) const { return file_.contains(prefix_ + name) || file_.contains(numbered(name)); }

  Tensor find(const char* name) const {
    return file_.tensor(file_.contains(numbered(name)) ? numbered(name) : prefix_ + name);
  }

  /// A matrix of floats. The number of its columns is a multiple of `blocks`.
  Tensor kernel(const char* name, std::int64_t blocks) const {
    const Tensor tensor = find(name);
    const bool fits = tensor.rank() == 2 && tensor.size(1) > 0 && tensor.size(1) % blocks == 0;
    if (!fits || !is_floating(tensor.dtype())) {
      throw ValueError(where(name), describe(tensor), "floats of shape (I + H, " + std::to_string(blocks) + " H)");
    }
    return tensor;
  }

  Tensor shaped(const char* name, const Shape& shape, DType dtype) const {
    const Tensor tensor = find(name);
    check_tensor(tensor, {.name = where(name), .shape = shape, .dtype = dtype, .reason = "to fit the kernel"});
    return tensor;
  }

  std::string where(const char* name) const { return file_.file() + ": variable '" + prefix_ + name + "'"; }

 private:
  std::string numbered(const char* name) const { return prefix_ + name + ":0"; }

  const NumpyArchive& file_;
  std::string prefix_;
};

/// Kernel and bias with all gates side by side, in TensorFlow's order.
struct Columns {
  Tensor kernel;  // ((I + H), G H)
  Tensor bias;    // (G H,)
};

/// TensorFlow 1 has a GRU's candidate in separate variables; the result has the candidate as the last block.
Columns read_gru(const Variables& variables) {
  const Tensor gates = variables.kernel("gates/kernel", 2);
  const std::int64_t H = gates.size(1) / 2;
  const Tensor candidate = variables.shaped("candidate/kernel", {gates.size(0), H}, gates.dtype());
  return {concat({gates, candidate}, 1), concat({variables.shaped("gates/bias", {2 * H}, gates.dtype()),
                                                 variables.shaped("candidate/bias", {H}, gates.dtype())},
                                                0)};
}

Columns read_columns(const Variables& variables, CellKind kind) {
  if (kind == CellKind::gru) return read_gru(variables);
  const Tensor kernel = variables.kernel("kernel", std::ssize(gate_order(WeightOrigin::tf1, kind)));
  return {kernel, variables.shaped("bias", {kernel.size(1)}, kernel.dtype())};
}

/// CudnnCompatibleGRUCell, whose candidate adds its hidden part after the reset gate, and so has two biases.
RecurrentWeights read_cudnn_gru(const Variables& variables) {
  const Tensor gates = variables.kernel("gates/kernel", 2);
  const DType dtype = gates.dtype();
  const std::int64_t H = gates.size(1) / 2;
  const std::int64_t I = gates.size(0) - H;
  if (I < 0) {
    throw ValueError(variables.where("gates/kernel"), describe(gates),
                     "at least the " + std::to_string(H) + " rows of the state");
  }
  const std::span<const int> order = gate_order(WeightOrigin::tf1, CellKind::gru);
  const auto part = [&](const char* name, const Shape& shape) { return variables.shaped(name, shape, dtype); };
  const auto rows = [&](const Tensor& gate_part, const Tensor& candidate, int axis) {
    return to_keras_order(concat({gate_part, candidate}, axis), order, axis);
  };
  const Tensor bias = rows(part("gates/bias", {2 * H}), part("candidate/input_projection/bias", {H}), 0);
  const Tensor hidden_bias = rows(Tensor::zeros({2 * H}, dtype), part("candidate/hidden_projection/bias", {H}), 0);
  return {.kernel = rows(gates.slice(0, 0, I), part("candidate/input_projection/kernel", {I, H}), 1),
          .recurrent_kernel = rows(gates.slice(0, I, I + H), part("candidate/hidden_projection/kernel", {H, H}), 1),
          .bias = concat({bias.insert_axis(0), hidden_bias.insert_axis(0)}, 0)};
}

std::optional<Tensor> read_projection(const Variables& variables, std::int64_t H, DType dtype) {
  if (!variables.contains(kProjection)) return std::nullopt;
  const Tensor projection = variables.find(kProjection);
  const std::int64_t P = projection.rank() == 2 ? projection.size(1) : 0;
  return variables.shaped(kProjection, {H, P}, dtype).clone();
}

std::optional<Tensor> read_peepholes(const Variables& variables, std::int64_t H, DType dtype) {
  if (!variables.contains(kPeepholes[0])) return std::nullopt;
  std::vector<Tensor> rows;
  for (const char* name : kPeepholes) rows.push_back(variables.shaped(name, {H}, dtype).insert_axis(0));
  return concat(rows, 0);
}

}  // namespace

RecurrentWeights tf1_weights(const NumpyArchive& file, const Tf1Cell& cell) {
  const Variables variables(file, cell);
  if (cell.kind == CellKind::gru && variables.contains("candidate/hidden_projection/kernel")) {
    return read_cudnn_gru(variables);
  }
  const Columns columns = read_columns(variables, cell.kind);
  const std::int64_t H = columns.kernel.size(1) / gate_count(cell.kind);
  const DType dtype = columns.kernel.dtype();
  RecurrentWeights weights;
  if (cell.kind == CellKind::lstm) {
    weights.projection = read_projection(variables, H, dtype);
    weights.peepholes = read_peepholes(variables, H, dtype);
  }
  const std::int64_t state = weights.projection ? weights.projection->size(1) : H;
  const std::int64_t I = columns.kernel.size(0) - state;
  if (I < 0) {
    throw ValueError(variables.where("kernel"), describe(columns.kernel),
                     "at least the " + std::to_string(state) + " rows of the state");
  }
  const std::span<const int> order = gate_order(WeightOrigin::tf1, cell.kind);
  const Tensor kernel = to_keras_order(columns.kernel, order, 1);
  weights.kernel = kernel.slice(0, 0, I).clone();
  weights.recurrent_kernel = kernel.slice(0, I, I + state).clone();
  const Tensor bias = to_keras_order(columns.bias, order, 0);
  weights.bias = cell.kind == CellKind::lstm ? with_forget_bias(bias, cell.forget_bias) : bias;
  return weights;
}

std::vector<NamedTensor> tf1_variables(const RecurrentWeights& keras, const Tf1Cell& cell) {
  const std::span<const int> order = gate_order(WeightOrigin::tf1, cell.kind);
  if (keras.bias && keras.bias->rank() != 1) {
    throw ValueError("bias", describe(*keras.bias), "the (3 H) of a GRU without reset_after, TensorFlow 1's only form");
  }
  Tensor bias = keras.bias ? *keras.bias : Tensor::zeros({keras.kernel.size(1)}, keras.kernel.dtype());
  if (cell.kind == CellKind::lstm) bias = with_forget_bias(bias, -cell.forget_bias);
  const Tensor kernel = from_keras_order(concat({keras.kernel, keras.recurrent_kernel}, 0), order, 1);
  bias = from_keras_order(bias, order, 0);
  std::vector<NamedTensor> variables;
  const auto put = [&](const char* name, const Tensor& tensor) {
    variables.push_back({cell.prefix + name, tensor.contiguous()});
  };
  if (cell.kind == CellKind::gru) {
    const std::int64_t H = kernel.size(1) / 3;
    put("gates/kernel", kernel.slice(1, 0, 2 * H));
    put("gates/bias", bias.slice(0, 0, 2 * H));
    put("candidate/kernel", kernel.slice(1, 2 * H, 3 * H));
    put("candidate/bias", bias.slice(0, 2 * H, 3 * H));
    return variables;
  }
  put("kernel", kernel);
  put("bias", bias);
  if (keras.projection) put(kProjection, *keras.projection);
  for (std::size_t row = 0; keras.peepholes && row < kPeepholes.size(); ++row) {
    put(kPeepholes[row], keras.peepholes->select(0, static_cast<std::int64_t>(row)));
  }
  return variables;
}

}  // namespace rondo
