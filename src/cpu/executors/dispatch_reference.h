/// The types of the reference executor's arithmetic.
#pragma once

#include "recurrence/dispatch_cell.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Calls `function.operator()<Formula, Element, Real>()` with the formula of the spec's cell, the type of its elements,
/// and the type that it is computed in: 16-bit elements are computed in f32.
template <typename Function>
void dispatch_reference(const RecurrenceSpec& spec, const Function& function) {
  dispatch_cell(spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    switch (spec.dtype) {
      case DType::f64: return function.template operator()<Formula, double, double>();
      case DType::f32: return function.template operator()<Formula, float, float>();
      case DType::f16: return function.template operator()<Formula, Float16, float>();
      case DType::bf16: return function.template operator()<Formula, BFloat16, float>();
      default: throw ValueError("dtype", to_string(spec.dtype), "a floating dtype");
    }
  });
}

}  // namespace rondo
