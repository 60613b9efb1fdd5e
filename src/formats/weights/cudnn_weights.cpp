#include "rondo/formats/cudnn_weights.h"

#include <span>
#include <string>

#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

std::size_t gates_of(CellKind kind) { return gate_order(WeightOrigin::cudnn, kind).size(); }

void check_shape(const std::string& name, const Tensor& tensor, const Shape& shape, DType dtype) {
  check_tensor(tensor, {.name = name, .shape = shape, .dtype = dtype, .reason = "to fit the other matrices"});
}

const Tensor& first_matrix(const CudnnParameters& parameters, std::size_t index) {
  const Tensor& matrix = parameters.matrices[index];
  if (matrix.defined() && matrix.rank() == 2 && is_floating(matrix.dtype()) && matrix.size(0) > 0) return matrix;
  throw ValueError("matrices[" + std::to_string(index) + "]", describe(matrix), "floats of shape (H, width)");
}

void check_count(const std::string& name, std::size_t came, const std::string& expected, bool fits) {
  if (!fits) throw ValueError(name, std::to_string(came) + " of them", expected);
}

/// Checks every matrix against the first matrix of x and the first matrix of h.
void check_parameters(const CudnnParameters& parameters, CellKind kind) {
  const std::size_t gates = gates_of(kind);
  const std::size_t count = parameters.matrices.size();
  const bool projected = kind == CellKind::lstm && count == 2 * gates + 1;
  check_count("matrices", count,
              std::to_string(2 * gates) + (kind == CellKind::lstm ? ", and one more with a projection" : ""),
              projected || count == 2 * gates);
  check_count("biases", parameters.biases.size(), std::to_string(2 * gates) + " or none",
              parameters.biases.empty() || parameters.biases.size() == 2 * gates);
  const Tensor& input = first_matrix(parameters, 0);
  const std::int64_t H = input.size(0);
  const std::int64_t state = projected ? first_matrix(parameters, gates).size(1) : H;
  for (std::size_t k = 0; k < 2 * gates; ++k) {
    check_shape("matrices[" + std::to_string(k) + "]", parameters.matrices[k], {H, k < gates ? input.size(1) : state},
                input.dtype());
  }
  for (std::size_t k = 0; k < parameters.biases.size(); ++k) {
    check_shape("biases[" + std::to_string(k) + "]", parameters.biases[k], {H}, input.dtype());
  }
  if (projected) check_shape("matrices[8]", parameters.matrices.back(), {state, H}, input.dtype());
}

Tensor stacked(std::span<const Tensor> parts) { return concat({parts.begin(), parts.end()}, 0); }

void append_blocks(std::vector<Tensor>& blocks, const Tensor& rows, std::size_t gates) {
  for (const Tensor& block : split(rows, static_cast<int>(gates), 0)) blocks.push_back(block.contiguous());
}

}  // namespace

RecurrentWeights cudnn_weights(const CudnnParameters& parameters, CellKind kind) {
  check_parameters(parameters, kind);
  const std::size_t gates = gates_of(kind);
  const std::span<const Tensor> matrices(parameters.matrices);
  const std::span<const Tensor> biases(parameters.biases);
  RowWeights rows{.kernel = stacked(matrices.first(gates)),
                  .recurrent_kernel = stacked(matrices.subspan(gates, gates))};
  if (!biases.empty()) {
    rows.bias = stacked(biases.first(gates));
    rows.recurrent_bias = stacked(biases.last(gates));
  }
  RecurrentWeights weights =
      keras_weights(rows, gate_order(WeightOrigin::cudnn, kind), bias_form({.kind = kind, .reset_after = true}));
  if (matrices.size() > 2 * gates) weights.projection = matrices.back().transpose({1, 0}).clone();
  return weights;
}

CudnnParameters cudnn_parameters(const RecurrentWeights& weights, CellKind kind) {
  check_reset_after(weights, kind, "cuDNN");
  check_no_peepholes(weights, "cuDNN");
  const std::size_t gates = gates_of(kind);
  const RowWeights rows = row_weights(weights, gate_order(WeightOrigin::cudnn, kind));
  CudnnParameters parameters;
  append_blocks(parameters.matrices, rows.kernel, gates);
  append_blocks(parameters.matrices, rows.recurrent_kernel, gates);
  if (rows.bias) {
    append_blocks(parameters.biases, *rows.bias, gates);
    append_blocks(parameters.biases, *rows.recurrent_bias, gates);
  }
  if (weights.projection) parameters.matrices.push_back(weights.projection->transpose({1, 0}).clone());
  return parameters;
}

}  // namespace rondo
