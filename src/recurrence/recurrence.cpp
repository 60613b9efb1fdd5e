#include "rondo/recurrence.h"

#include "recurrence/dispatch_cell.h"
#include "rondo/error.h"

namespace rondo {
namespace {

void check_weight(const std::string& name, const Tensor& weight, const Shape& expected, DType dtype) {
  if (weight.defined() && weight.shape() == expected && weight.dtype() == dtype) return;
  throw ValueError("weight " + name, describe(weight), to_string(dtype) + to_string(expected));
}

}  // namespace

std::string to_string(CellKind kind) {
  switch (kind) {
    case CellKind::simple_rnn: return "simple_rnn";
    case CellKind::lstm: return "lstm";
    case CellKind::gru: return "gru";
  }
  throw ValueError("cell kind", std::to_string(static_cast<int>(kind)), "one of the CellKind values");
}

int gate_count(CellKind kind) {
  return dispatch_cell({.kind = kind}, []<typename Formula>(FormulaTag<Formula>) { return Formula::kGates; });
}

int state_count(CellKind kind) {
  return dispatch_cell({.kind = kind}, []<typename Formula>(FormulaTag<Formula>) { return Formula::kStates; });
}

RecurrentWeights RecurrentWeights::to(Device device) const {
  RecurrentWeights moved{kernel.to(device), recurrent_kernel.to(device), std::nullopt};
  if (bias) moved.bias = bias->to(device);
  return moved;
}

void check_weights(const CellSpec& cell, const RecurrentWeights& weights) {
  if (cell.units < 1) throw ValueError("units", std::to_string(cell.units), "at least 1");
  if (!weights.kernel.defined() || weights.kernel.rank() != 2 || !is_floating(weights.kernel.dtype())) {
    throw ValueError("weight kernel", describe(weights.kernel), "a floating tensor of rank 2: (I, gates * units)");
  }
  const std::int64_t columns = gate_count(cell.kind) * cell.units;
  const DType dtype = weights.kernel.dtype();
  check_weight("kernel", weights.kernel, {weights.kernel.size(0), columns}, dtype);
  check_weight("recurrent_kernel", weights.recurrent_kernel, {cell.units, columns}, dtype);
  if (weights.bias.has_value() != cell.use_bias) {
    throw ValueError("weight bias", weights.bias ? describe(*weights.bias) : "none",
                     cell.use_bias ? "one, as use_bias is true" : "none, as use_bias is false");
  }
  if (!cell.use_bias) return;
  const bool two_rows = cell.kind == CellKind::gru && cell.reset_after;
  check_weight("bias", *weights.bias, two_rows ? Shape{2, columns} : Shape{columns}, dtype);
}

std::string to_string(const RecurrenceSpec& spec) {
  std::string text = to_string(spec.cell.kind);
  if (spec.cell.kind == CellKind::gru) text += spec.cell.reset_after ? " (reset after)" : " (reset before)";
  text += " H=" + std::to_string(spec.cell.units) + " I=" + std::to_string(spec.I) + " T=" + std::to_string(spec.T) +
          " B=" + std::to_string(spec.B) + " " + to_string(spec.dtype);
  if (spec.math == MatrixMath::tf32) text += " (tf32 products)";
  if (spec.read_order == ReadOrder::reversed) text += ", reversed";
  if (spec.read_order == ReadOrder::reversed_within_length) text += ", reversed within length";
  if (spec.write_order == WriteOrder::input) text += ", written in input order";
  if (spec.has_mask) text += ", mask";
  if (spec.has_lengths) text += ", lengths";
  if (spec.dead_output == DeadOutput::zeros) text += ", dead rows emit zeros";
  if (spec.dead_output == DeadOutput::incoming_state) text += ", dead rows emit the incoming state";
  return text + ", on " + to_string(spec.device);
}

}  // namespace rondo
