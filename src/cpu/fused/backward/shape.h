/// How the gradients of a cell are laid out in the fused executor.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/fused/kernels.h"
#include "recurrence/dispatch_cell.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// The gradients of all gates of a row lie gate after gate, each `gate_stride` long, which is H rounded up to whole
/// vectors. A panel is kMostVectors vectors wide. In the weights' gradients the columns lie likewise.
struct GradientShape {
  std::int64_t H;
  std::int64_t P;  ///< features of h: H without a projection
  std::int64_t I;
  std::int64_t gates;
  std::int64_t panel;        ///< floats of a panel's row
  std::int64_t gate_stride;  ///< a multiple of a panel where the gates have two products
  std::int64_t columns;      ///< of all gates, rounded up to whole panels
  std::int64_t row_stride;   ///< floats from one row of gradients to the next
  std::int64_t first_gates;  ///< gates whose product takes h itself
  bool splits;               ///< whether x W + b and h U + rb have gradients of their own
  bool projects;             ///< whether h is projected

  GradientShape(const RecurrenceSpec& spec, int lanes)
      : H(spec.cell.units),
        P(output_units(spec.cell)),
        I(spec.I),
        gates(gate_count(spec.cell.kind)),
        panel(kMostVectors * std::int64_t{lanes}) {
    first_gates = dispatch_plain_cell(
        spec.cell, []<typename Formula>(FormulaTag<Formula>) { return Formula::kProductsBeforeReset; });
    splits = bias_rows(spec.cell) == 2;
    projects = spec.cell.projection_units.has_value();
    gate_stride = rounded_up(H, two_products() ? panel : lanes);
    columns = rounded_up(gates * gate_stride, panel);
    // One cache line more: rows whose distance is a power of two share few sets of a cache.
    row_stride = columns + 16;
  }

  bool two_products() const { return first_gates < gates; }
  std::int64_t column_panels() const { return columns / panel; }
  std::int64_t unit_panels() const { return (H + panel - 1) / panel; }
  std::int64_t h_panels() const { return (P + panel - 1) / panel; }
  std::int64_t input_panels() const { return (I + panel - 1) / panel; }
  /// Floats of a row of states: whole panels, and one cache line more.
  std::int64_t state_stride() const { return std::max(unit_panels(), h_panels()) * panel + 16; }

 private:
  static std::int64_t rounded_up(std::int64_t size, std::int64_t unit) { return (size + unit - 1) / unit * unit; }
};

/// Tiles of at most `most` features: each is the operand of one product.
inline std::int64_t feature_tiles(std::int64_t features, int most) { return (features + most - 1) / most; }

/// Steps of a chunk, whose gradients are kept for the products that need no order of time.
std::int64_t gradient_steps(const RecurrenceSpec& spec);

}  // namespace rondo::fused
