#include "rondo/recurrence/recurrence.h"

#include <sstream>

#include "recurrence/dispatch_cell.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

std::string as_it_is(const char* setting, bool value) {
  return std::string("as ") + setting + (value ? " is true" : " is false");
}

void check_clip(const char* name, const std::optional<double>& clip) {
  if (clip && !(*clip >= 0)) throw ValueError(name, std::to_string(*clip), "0 or more");
}

std::string in_words(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

/// "peepholes, cell clip 3, projection P=5, projection clip 1"
std::string parts_beyond_plain(const CellSpec& cell) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (cell.use_peepholes) add("peepholes");
  if (cell.cell_clip) add("cell clip " + in_words(*cell.cell_clip));
  if (cell.projection_units) add("projection P=" + std::to_string(*cell.projection_units));
  if (cell.projection_clip) add("projection clip " + in_words(*cell.projection_clip));
  return text;
}

}  // namespace

std::string to_string(CellKind kind) {
  return dispatch_cell({.kind = kind},
                       []<typename Formula>(FormulaTag<Formula>) { return std::string(Formula::kName); });
}

int gate_count(CellKind kind) {
  return dispatch_cell({.kind = kind}, []<typename Formula>(FormulaTag<Formula>) { return Formula::kGates; });
}

int state_count(CellKind kind) {
  return dispatch_cell({.kind = kind}, []<typename Formula>(FormulaTag<Formula>) { return Formula::kStates; });
}

int bias_rows(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return Formula::kBiases; });
}

bool is_plain(const CellSpec& cell) {
  return !cell.use_peepholes && !cell.cell_clip && !cell.projection_units && !cell.projection_clip;
}

std::int64_t output_units(const CellSpec& cell) { return cell.projection_units.value_or(cell.units); }

std::int64_t state_units(const CellSpec& cell, int state) { return state == 0 ? output_units(cell) : cell.units; }

void check_cell(const CellSpec& cell) {
  if (cell.units < 1) throw ValueError("units", std::to_string(cell.units), "at least 1");
  check_activation(cell.activation);
  check_activation(cell.recurrent_activation);
  if (cell.kind != CellKind::lstm && !is_plain(cell)) {
    throw ValueError("cell", to_string(cell.kind) + " with " + parts_beyond_plain(cell),
                     "an lstm, the only kind that has these");
  }
  if (cell.projection_units && *cell.projection_units < 1) {
    throw ValueError("projection_units", std::to_string(*cell.projection_units), "at least 1");
  }
  check_clip("cell_clip", cell.cell_clip);
  check_clip("projection_clip", cell.projection_clip);
  if (cell.projection_clip && !cell.projection_units) {
    throw ValueError("projection_clip", in_words(*cell.projection_clip), "none, as the cell has no projection_units");
  }
}

std::string to_string(Keep keep) {
  switch (keep) {
    case Keep::states: return "states";
    case Keep::gates: return "gates";
    case Keep::nothing: break;
  }
  return "nothing";
}

RecurrentWeights RecurrentWeights::map(const std::function<Tensor(const Tensor&)>& function) const {
  const auto mapped = [&](const std::optional<Tensor>& weight) {
    return weight ? std::optional(function(*weight)) : std::nullopt;
  };
  return {function(kernel), function(recurrent_kernel), mapped(bias), mapped(peepholes), mapped(projection)};
}

RecurrentWeights RecurrentWeights::to(Device device) const {
  return map([device](const Tensor& weight) { return weight.to(device); });
}

void check_weights(const CellSpec& cell, const RecurrentWeights& weights) {
  check_cell(cell);
  if (!weights.kernel.defined() || weights.kernel.rank() != 2 || !is_floating(weights.kernel.dtype())) {
    throw ValueError("weight kernel", describe(weights.kernel), "a floating tensor of rank 2: (I, gates * units)");
  }
  const std::int64_t columns = gate_count(cell.kind) * cell.units;
  const DType dtype = weights.kernel.dtype();
  // PyTorch has its weights turned around, and a caller who forgets that should not read of a square.
  const bool turned = weights.kernel.size(0) == columns && weights.kernel.size(1) != columns;
  check_tensor(weights.kernel,
               {.name = "weight kernel",
                .shape = {weights.kernel.size(turned ? 1 : 0), columns},
                .dtype = dtype,
                .reason = turned ? "(I, gates * units): PyTorch's weights are transposed, as pytorch_weights does"
                                 : "(I, gates * units)"});
  check_tensor(weights.recurrent_kernel, {"weight recurrent_kernel", {output_units(cell), columns}, dtype});
  const bool projected = cell.projection_units.has_value();
  check_presence("weight bias", weights.bias, cell.use_bias, as_it_is("use_bias", cell.use_bias));
  check_presence("weight peepholes", weights.peepholes, cell.use_peepholes,
                 as_it_is("use_peepholes", cell.use_peepholes));
  check_presence("weight projection", weights.projection, projected,
                 projected ? "as projection_units is " + std::to_string(*cell.projection_units)
                           : "as there are no projection_units");
  const Shape bias = bias_rows(cell) == 2 ? Shape{2, columns} : Shape{columns};
  if (weights.bias) check_tensor(*weights.bias, {"weight bias", bias, dtype});
  if (weights.peepholes) check_tensor(*weights.peepholes, {"weight peepholes", {3, cell.units}, dtype});
  if (projected) check_tensor(*weights.projection, {"weight projection", {cell.units, *cell.projection_units}, dtype});
}

std::string to_string(const RecurrenceSpec& spec) {
  std::string text = to_string(spec.cell.kind);
  const std::string form =
      dispatch_cell(spec.cell, []<typename Formula>(FormulaTag<Formula>) { return std::string(Formula::kForm); });
  if (!form.empty()) text += " (" + form + ")";
  if (!is_plain(spec.cell)) text += " (" + parts_beyond_plain(spec.cell) + ")";
  text += " H=" + std::to_string(spec.cell.units) + " I=" + std::to_string(spec.I) + " T=" + std::to_string(spec.T) +
          " B=" + std::to_string(spec.B) + " " + to_string(spec.dtype);
  if (spec.math != MatrixMath::strict) text += " (" + to_string(spec.math) + " products)";
  if (spec.rules.read == ReadOrder::reversed) text += ", reversed";
  if (spec.rules.read == ReadOrder::reversed_within_length) text += ", reversed within length";
  if (spec.rules.write == WriteOrder::input) text += ", written in input order";
  if (spec.has_mask) text += ", mask";
  if (spec.has_lengths) text += ", lengths";
  if (spec.has_resets) text += ", resets";
  if (spec.packed) text += ", packed";
  if (spec.state_rows > 0) text += ", states of " + std::to_string(spec.state_rows) + " rows";
  if (spec.rules.dead == DeadOutput::zeros) text += ", dead rows emit zeros";
  if (spec.rules.dead == DeadOutput::incoming_state) text += ", dead rows emit the incoming state";
  if (spec.keep != Keep::nothing) text += ", keeps " + to_string(spec.keep);
  if (spec.segment > 0) text += " of every " + std::to_string(spec.segment) + " steps";
  if (swaps_reserve(spec)) text += ", swaps memory";
  return text + ", on " + to_string(spec.device);
}

}  // namespace rondo
