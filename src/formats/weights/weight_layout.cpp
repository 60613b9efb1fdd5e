#include "formats/weights/weight_layout.h"

#include <array>
#include <vector>

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array kSimple{0};

// Keras: i f c o. The candidate, c, is called g by PyTorch and j by TensorFlow 1.
constexpr std::array kLstmIFGO{0, 1, 2, 3};  // PyTorch, cuDNN
constexpr std::array kLstmIOFC{0, 3, 1, 2};  // ONNX
constexpr std::array kLstmIJFO{0, 2, 1, 3};  // TensorFlow 1

// Keras: z r h. z weighs the old state in all of them; PyTorch calls the candidate n, TensorFlow 1 calls z u.
constexpr std::array kGruRZN{1, 0, 2};  // PyTorch, cuDNN, TensorFlow 1
constexpr std::array kGruZRH{0, 1, 2};  // ONNX

std::span<const int> lstm_order(WeightOrigin origin) {
  switch (origin) {
    case WeightOrigin::pytorch:
    case WeightOrigin::cudnn: return kLstmIFGO;
    case WeightOrigin::onnx: return kLstmIOFC;
    case WeightOrigin::tf1: return kLstmIJFO;
  }
  throw ValueError("origin", std::to_string(static_cast<int>(origin)), "one of the WeightOrigin values");
}

std::span<const int> gru_order(WeightOrigin origin) {
  if (origin == WeightOrigin::onnx) return kGruZRH;
  return kGruRZN;
}

Tensor transposed(const Tensor& matrix) { return matrix.transpose({1, 0}).clone(); }

}  // namespace

std::span<const int> gate_order(WeightOrigin origin, CellKind kind) {
  switch (kind) {
    case CellKind::simple_rnn: return kSimple;
    case CellKind::lstm: return lstm_order(origin);
    case CellKind::gru: return gru_order(origin);
  }
  throw ValueError("kind", std::to_string(static_cast<int>(kind)), "one of the CellKind values");
}

Tensor to_keras_order(const Tensor& weight, std::span<const int> order, int axis) {
  const std::vector<Tensor> blocks = split(weight, static_cast<int>(order.size()), axis);
  std::vector<Tensor> keras(blocks.size());
  for (std::size_t k = 0; k < blocks.size(); ++k) keras[static_cast<std::size_t>(order[k])] = blocks[k];
  return concat(keras, axis);
}

Tensor from_keras_order(const Tensor& weight, std::span<const int> order, int axis) {
  const std::vector<Tensor> keras = split(weight, static_cast<int>(order.size()), axis);
  std::vector<Tensor> blocks;
  for (const int block : order) blocks.push_back(keras[static_cast<std::size_t>(block)]);
  return concat(blocks, axis);
}

BiasForm bias_form(const CellSpec& cell) {
  return cell.kind == CellKind::gru && cell.reset_after ? BiasForm::both : BiasForm::added;
}

void check_reset_after(const RecurrentWeights& weights, CellKind kind, const std::string& owner) {
  if (kind != CellKind::gru || !weights.bias || weights.bias->rank() == 2) return;
  throw ValueError("bias", describe(*weights.bias),
                   "the (2, 3 H) of a GRU with reset_after, " + owner + "'s only form");
}

void check_no_peepholes(const RecurrentWeights& weights, const std::string& owner) {
  if (weights.peepholes) throw ValueError("peepholes", describe(*weights.peepholes), "none, as " + owner + " has");
}

RecurrentWeights keras_weights(const RowWeights& rows, std::span<const int> order, BiasForm form) {
  RecurrentWeights weights;
  weights.kernel = transposed(to_keras_order(rows.kernel, order, 0));
  weights.recurrent_kernel = transposed(to_keras_order(rows.recurrent_kernel, order, 0));
  if (!rows.bias) return weights;
  const Tensor bias = to_keras_order(*rows.bias, order, 0);
  const Tensor recurrent_bias = to_keras_order(*rows.recurrent_bias, order, 0);
  weights.bias = form == BiasForm::both ? concat({bias.insert_axis(0), recurrent_bias.insert_axis(0)}, 0)
                                        : add(bias, recurrent_bias);
  return weights;
}

RowWeights row_weights(const RecurrentWeights& weights, std::span<const int> order) {
  RowWeights rows;
  rows.kernel = from_keras_order(transposed(weights.kernel), order, 0);
  rows.recurrent_kernel = from_keras_order(transposed(weights.recurrent_kernel), order, 0);
  if (!weights.bias) return rows;
  const bool both = weights.bias->rank() == 2;
  rows.bias = from_keras_order(both ? weights.bias->select(0, 0) : *weights.bias, order, 0);
  rows.recurrent_bias = both ? from_keras_order(weights.bias->select(0, 1), order, 0) : zeros_like(*rows.bias);
  return rows;
}

}  // namespace rondo
