/// Which Operand a spec's products take. A spec becomes such a type only here.
#pragma once

#include "cuda/persistent/shape/tile_layout.h"
#include "recurrence/dispatch_cell.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

template <typename Type>
struct OperandTag {
  using Operand = Type;
};

inline bool has_operand(const RecurrenceSpec& spec) { return spec.dtype != DType::f64; }

/// Calls `function(OperandTag<Operand>{})` and returns its result; not for f64.
template <typename Function>
decltype(auto) dispatch_operand(const RecurrenceSpec& spec, Function&& function) {
  switch (spec.dtype) {
    case DType::bf16: return function(OperandTag<BFloat16>{});
    case DType::f16: return function(OperandTag<Float16>{});
    case DType::f32:
      switch (spec.math) {
        case MatrixMath::tf32: return function(OperandTag<device::Tf32>{});
        case MatrixMath::tf32x3: return function(OperandTag<device::Tf32x3>{});
        default: return function(OperandTag<float>{});
      }
    default: throw ValueError("dtype", to_string(spec.dtype), "f32, f16 or bf16");
  }
}

/// Which of a recurrence's products a kernel makes in each step: h U, or dG U' for the gradients.
enum class Pass : std::uint8_t { forward, backward };

/// An activation of the cell that is none of the basic ones, which the kernels have.
inline std::optional<Activation> other_activation(const CellSpec& cell) {
  if (!is_basic(cell.activation.kind)) return cell.activation;
  const bool has_gate =
      dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return Formula::kHasGateActivation; });
  if (has_gate && !is_basic(cell.recurrent_activation.kind)) return cell.recurrent_activation;
  return std::nullopt;
}

/// The product of a pass of a cell for which is_plain holds; not for f64.
inline RecurrentProduct recurrent_product(const RecurrenceSpec& spec, Pass pass) {
  return dispatch_operand(spec, [&]<typename Operand>(OperandTag<Operand>) {
    return dispatch_plain_cell(spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
      return pass == Pass::backward ? kRecurrentProduct<GatheredProduct<Formula>, Operand>
                                    : kRecurrentProduct<Formula, Operand>;
    });
  });
}

/// The product of the kernels of a shape.
inline RecurrentProduct recurrent_product(const RecurrenceSpec& spec, const PersistentShape& shape) {
  RecurrentProduct product = recurrent_product(spec, shape.is_backward() ? Pass::backward : Pass::forward);
  product.scatters = shape.scatters();
  return product;
}

}  // namespace rondo
