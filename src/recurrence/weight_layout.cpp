#include "recurrence/weight_layout.h"

#include <algorithm>
#include <array>
#include <vector>

#include "recurrence/dispatch_cell.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

struct GateOrder {
  WeightOrigin origin;
  CellKind kind;
  std::size_t gates;
  std::array<int, 4> blocks;
};

/// A row of the table. `names` are the Formula's gates in the order of the origin.
template <typename Formula>
constexpr GateOrder order_of(WeightOrigin origin, std::string_view names) {
  GateOrder order{origin, Formula::kKind, names.size(), {}};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::size_t block = Formula::kGateNames.find(names[k]);
    if (block == std::string_view::npos) throw "a gate that the formula does not have";  // the compiler's error
    order.blocks[k] = static_cast<int>(block);
  }
  return order;
}

// An origin has only the cells that have a row here. The candidate of an LSTM is called g in Rondo, c in Keras and j in
// TensorFlow 1; the candidate of a GRU is h in Rondo and n in PyTorch. TensorFlow 1 calls a GRU's z u. In every origin
// z weighs the old state.
constexpr GateOrder kGateOrders[] = {
    order_of<SimpleRnnFormula>(WeightOrigin::pytorch, "h"),
    order_of<LstmFormula>(WeightOrigin::pytorch, "ifgo"),
    order_of<GruResetAfterFormula>(WeightOrigin::pytorch, "rzh"),
    order_of<SimpleRnnFormula>(WeightOrigin::cudnn, "h"),
    order_of<LstmFormula>(WeightOrigin::cudnn, "ifgo"),
    order_of<GruResetAfterFormula>(WeightOrigin::cudnn, "rzh"),
    order_of<SimpleRnnFormula>(WeightOrigin::onnx, "h"),
    order_of<LstmFormula>(WeightOrigin::onnx, "iofg"),
    order_of<GruResetAfterFormula>(WeightOrigin::onnx, "zrh"),
    order_of<SimpleRnnFormula>(WeightOrigin::tf1, "h"),
    order_of<LstmFormula>(WeightOrigin::tf1, "igfo"),
    order_of<GruResetBeforeFormula>(WeightOrigin::tf1, "rzh"),
};

const GateOrder* find_order(WeightOrigin origin, CellKind kind) {
  const auto* found = std::ranges::find_if(
      kGateOrders, [&](const GateOrder& order) { return order.origin == origin && order.kind == kind; });
  return found == std::end(kGateOrders) ? nullptr : found;
}

Tensor transposed(const Tensor& matrix) { return matrix.transpose({1, 0}).clone(); }

}  // namespace

std::string name_of(WeightOrigin origin) {
  switch (origin) {
    case WeightOrigin::pytorch: return "PyTorch";
    case WeightOrigin::cudnn: return "cuDNN";
    case WeightOrigin::onnx: return "ONNX";
    case WeightOrigin::tf1: return "TensorFlow 1";
  }
  throw ValueError("origin", std::to_string(static_cast<int>(origin)), "one of the WeightOrigin values");
}

bool has_cell(WeightOrigin origin, CellKind kind) { return find_order(origin, kind) != nullptr; }

std::span<const int> gate_order(WeightOrigin origin, CellKind kind) {
  const GateOrder* order = find_order(origin, kind);
  if (order != nullptr) return {order->blocks.data(), order->gates};
  std::string kinds;
  for (const GateOrder& one : kGateOrders) {
    if (one.origin == origin) kinds += (kinds.empty() ? "" : ", ") + to_string(one.kind);
  }
  throw ValueError("kind", to_string(kind), "one that " + name_of(origin) + " has: " + kinds);
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

BiasForm bias_form(const CellSpec& cell) { return bias_rows(cell) == 2 ? BiasForm::both : BiasForm::added; }

void check_reset_after(const RecurrentWeights& weights, CellKind kind, const std::string& owner) {
  if (kind != CellKind::gru || !weights.bias || weights.bias->rank() == 2) return;
  throw ValueError("bias", describe(*weights.bias),
                   "the (2, 3 H) of a GRU with reset_after, " + owner + "'s only form");
}

void check_no_peepholes(const RecurrentWeights& weights, const std::string& owner) {
  if (weights.peepholes) throw ValueError("peepholes", describe(*weights.peepholes), "none, as " + owner + " has");
}

Tensor with_forget_bias(const Tensor& bias, double amount) {
  std::vector<Tensor> gates = split(bias, LstmFormula::kGates, 0);
  Tensor& forget = gates[LstmFormula::kGateNames.find('f')];
  forget = add(forget, amount);
  return concat(gates, 0);
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
