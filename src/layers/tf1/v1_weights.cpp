#include "layers/tf1/v1_weights.h"

#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo::v1 {

void check_units(const std::string& name, std::int64_t units) {
  if (units < 1) throw ValueError(name, std::to_string(units), "at least 1");
}

SplitKernel split_kernel(const std::string& name, const Tensor& kernel, std::int64_t state_units,
                         std::int64_t columns) {
  const bool fits = kernel.defined() && kernel.rank() == 2 && is_floating(kernel.dtype()) &&
                    kernel.size(0) > state_units && kernel.size(1) == columns;
  if (!fits) {
    throw ValueError("weight " + name, describe(kernel),
                     "a floating tensor (I + " + std::to_string(state_units) + ", " + std::to_string(columns) +
                         ") with I of 1 or more");
  }
  const std::int64_t I = kernel.size(0) - state_units;
  return {kernel.slice(0, 0, I), kernel.slice(0, I, kernel.size(0))};
}

void check_beside_kernel(const std::string& name, const Tensor& weight, const Shape& expected, const Tensor& kernel) {
  check_tensor(weight, {"weight " + name, expected, kernel.dtype(), kernel.device()});
}

RecurrentWeights keras_weights(const BasicRNNWeights& weights, std::int64_t units) {
  check_units("num_units", units);
  const SplitKernel kernel = split_kernel("kernel", weights.kernel, units, units);
  check_beside_kernel("bias", weights.bias, {units}, weights.kernel);
  return {kernel.input.contiguous(), kernel.recurrent.contiguous(), weights.bias.contiguous()};
}

RecurrentWeights keras_weights(const GRUWeights& weights, std::int64_t units) {
  check_units("num_units", units);
  const SplitKernel gates = split_kernel("gates_kernel", weights.gates_kernel, units, 2 * units);
  check_beside_kernel("gates_bias", weights.gates_bias, {2 * units}, weights.gates_kernel);
  check_beside_kernel("candidate_kernel", weights.candidate_kernel, {weights.gates_kernel.size(0), units},
                      weights.gates_kernel);
  check_beside_kernel("candidate_bias", weights.candidate_bias, {units}, weights.gates_kernel);
  const SplitKernel candidate = split_kernel("candidate_kernel", weights.candidate_kernel, units, units);
  const auto zrh = [](const Tensor& ru, const Tensor& c) {
    return to_keras_order(concat({ru, c}), gate_order(WeightOrigin::tf1, CellKind::gru), -1);
  };
  return {zrh(gates.input, candidate.input), zrh(gates.recurrent, candidate.recurrent),
          zrh(weights.gates_bias, weights.candidate_bias)};
}

RecurrentWeights keras_weights(const SplitKernel& kernel, const Tensor& bias) {
  const auto ifco = [](const Tensor& ijfo) {
    return to_keras_order(ijfo, gate_order(WeightOrigin::tf1, CellKind::lstm), -1);
  };
  return {ifco(kernel.input), ifco(kernel.recurrent), ifco(bias)};
}

std::vector<Tensor> variable_gradients(const SequenceCell& cell, const std::vector<Tensor>& keras) {
  const CellSpec& spec = cell.known->spec();
  if (cell.cell == cell.known) return keras;
  const Tensor kernel = concat({keras[0], keras[1]}, 0);  // [input; state]
  const Tensor& bias = keras[2];
  if (spec.kind == CellKind::simple_rnn) return {kernel, bias};
  const std::span<const int> order = gate_order(WeightOrigin::tf1, spec.kind);
  const Tensor ordered = from_keras_order(kernel, order, -1);
  const Tensor ordered_bias = from_keras_order(bias, order, -1);
  if (spec.kind == CellKind::gru) {
    const auto gates = [&](const Tensor& rzh) { return rzh.slice(-1, 0, 2 * spec.units).contiguous(); };
    const auto candidate = [&](const Tensor& rzh) {
      return rzh.slice(-1, 2 * spec.units, 3 * spec.units).contiguous();
    };
    return {gates(ordered), gates(ordered_bias), candidate(ordered), candidate(ordered_bias)};
  }
  std::vector<Tensor> variables = {ordered, ordered_bias};
  if (spec.use_peepholes) {
    const Tensor& peepholes = keras[3];  // rows w_i w_f w_o
    for (const std::int64_t row : {1, 0, 2}) variables.push_back(peepholes.select(0, row));
  }
  if (spec.projection_units) variables.push_back(keras.back());
  return variables;
}

}  // namespace rondo::v1
