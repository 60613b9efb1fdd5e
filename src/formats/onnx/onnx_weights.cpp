#include <array>

#include "formats/onnx/onnx_operator.h"
#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

// ONNX orders peepholes i o f, Rondo in the order of its gates.
constexpr std::array kPeepholesIOF{0, 2, 1};

CellSpec cell_spec(const OnnxOperator& op, const OnnxActivations& activations, std::int64_t H,
                   const OnnxWeights& weights) {
  return {.kind = op.kind,
          .units = H,
          .activation = op.kind == CellKind::simple_rnn ? activations.f : activations.g,
          .recurrent_activation = op.kind == CellKind::simple_rnn ? Activation::sigmoid : activations.f,
          .use_bias = weights.bias.has_value(),
          .reset_after = op.kind != CellKind::gru || op.linear_before_reset,
          .use_peepholes = weights.peepholes.has_value()};
}

OnnxCell cell_of(const OnnxWeights& weights, int direction, const CellSpec& cell, const OnnxActivations& activations) {
  RowWeights rows{.kernel = weights.kernel.select(0, direction),
                  .recurrent_kernel = weights.recurrent_kernel.select(0, direction)};
  if (weights.bias) {
    const std::vector<Tensor> biases = split(weights.bias->select(0, direction), 2, 0);
    rows.bias = biases[0];
    rows.recurrent_bias = biases[1];
  }
  OnnxCell result{.cell = cell,
                  .weights = keras_weights(rows, gate_order(WeightOrigin::onnx, cell.kind), bias_form(cell)),
                  .activations = activations};
  if (weights.peepholes) {
    const Tensor peepholes = to_keras_order(weights.peepholes->select(0, direction), kPeepholesIOF, 0);
    result.weights.peepholes = peepholes.reshape({3, cell.units});
  }
  return result;
}

}  // namespace

std::int64_t check_onnx_weights(const OnnxOperator& op, const OnnxWeights& weights) {
  const std::int64_t D = direction_count(op.direction);
  const std::int64_t G = std::ssize(gate_order(WeightOrigin::onnx, op.kind));
  const Tensor& R = weights.recurrent_kernel;
  const bool is_matrix = R.defined() && R.rank() == 3 && is_floating(R.dtype()) && R.size(2) > 0;
  const std::int64_t H = op.hidden_size > 0 ? op.hidden_size : (is_matrix ? R.size(2) : 0);
  if (!is_matrix || R.shape() != Shape{D, G * H, H}) {
    const std::string rows = op.hidden_size > 0 ? to_string(Shape{D, G * H, H})
                                                : "(" + std::to_string(D) + ", " + std::to_string(G) + " H, H)";
    throw ValueError("R", describe(R), "floats of shape " + rows);
  }
  const Tensor& W = weights.kernel;
  const std::int64_t I = W.defined() && W.rank() == 3 ? W.size(2) : 0;
  check_tensor(W, {"W", {D, G * H, I}, R.dtype()});
  if (weights.bias) check_tensor(*weights.bias, {"B", {D, 2 * G * H}, R.dtype()});
  if (!weights.peepholes) return H;
  if (op.kind != CellKind::lstm) throw ValueError("P", describe(*weights.peepholes), "none, as the node is no LSTM");
  check_tensor(*weights.peepholes, {"P", {D, 3 * H}, R.dtype()});
  return H;
}

std::vector<OnnxCell> onnx_cells(const OnnxOperator& op, const OnnxWeights& weights) {
  if (op.clip && !(*op.clip > 0)) throw ValueError("clip", std::to_string(*op.clip), "a number above 0");
  const std::vector<OnnxActivations> activations = activations_of(op);
  const std::int64_t H = check_onnx_weights(op, weights);
  std::vector<OnnxCell> cells;
  for (int direction = 0; direction < direction_count(op.direction); ++direction) {
    const OnnxActivations& functions = activations[static_cast<std::size_t>(direction)];
    cells.push_back(cell_of(weights, direction, cell_spec(op, functions, H, weights), functions));
  }
  return cells;
}

OnnxWeights onnx_weights(const std::vector<OnnxCell>& cells) {
  if (cells.empty() || cells.size() > 2) {
    throw ValueError("cells", std::to_string(cells.size()), "one, or two of a bidirectional node");
  }
  std::vector<Tensor> kernels;
  std::vector<Tensor> recurrent_kernels;
  std::vector<Tensor> biases;
  std::vector<Tensor> peepholes;
  for (const OnnxCell& cell : cells) {
    check_weights(cell.cell, cell.weights);
    if (cell.cell.projection_units) throw ValueError("cells", "one with a projection", "cells without, as in ONNX");
    const RowWeights rows = row_weights(cell.weights, gate_order(WeightOrigin::onnx, cell.cell.kind));
    kernels.push_back(rows.kernel.insert_axis(0));
    recurrent_kernels.push_back(rows.recurrent_kernel.insert_axis(0));
    if (rows.bias) biases.push_back(concat({*rows.bias, *rows.recurrent_bias}, 0).insert_axis(0));
    if (cell.weights.peepholes) {
      const Tensor flat = cell.weights.peepholes->reshape({3 * cell.cell.units});
      peepholes.push_back(from_keras_order(flat, kPeepholesIOF, 0).insert_axis(0));
    }
  }
  const auto all_or_none = [&](const char* name, const std::vector<Tensor>& parts) -> std::optional<Tensor> {
    if (parts.empty()) return std::nullopt;
    if (parts.size() != cells.size()) throw ValueError(name, "one direction's", "those of both directions or none");
    return concat(parts, 0);
  };
  return {.kernel = concat(kernels, 0),
          .recurrent_kernel = concat(recurrent_kernels, 0),
          .bias = all_or_none("bias", biases),
          .peepholes = all_or_none("peepholes", peepholes)};
}

}  // namespace rondo
