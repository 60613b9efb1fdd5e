/// What gradients keep in the workspace.
#pragma once

#include <algorithm>

#include "cuda/common/kept_segments.h"
#include "cuda/common/reserve_swap.h"
#include "cuda/products/product.h"
#include "cuda/stepwise/backward/gradient_arguments.h"
#include "cuda/stepwise/backward/row_parts.h"
#include "cuda/stepwise/stepwise_scratch.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"

namespace rondo {

/// Rows are those of x in the order of the reserve, T B of them also where x is packed and has less.
template <typename Element>
struct GradientWorkspace {
  using Real = ComputeType<Element>;

  void* product_workspace = nullptr;  ///< first, because its alignment is the strictest
  CarriedGradient<Element> h = {};
  CarriedGradient<Element> c = {};
  Real* product = nullptr;        ///< (B, F): dG U'
  Real* inner_product = nullptr;  ///< (B, H): GateGradient::inner_product
  bool* was_live = nullptr;       ///< (T, B)
  StepGradientRows<Element> gradients = {};
  Element* inputs = nullptr;    ///< (rows, I): live rows of x, then dX
  Element* states = nullptr;    ///< (rows, F): live rows of h, then of r h
  Real* weight_sums = nullptr;  ///< of one weight
  Real* parts = nullptr;        ///< of sums over rows
  void* slots = nullptr;        ///< ReserveSwap::Memory::slots, where the reserve is swapped
  /// (rows, H): live rows of r h, of a cell whose candidate takes that. Where the steps come in chunks.
  Element* reset_states = nullptr;
  // Where segments are run again:
  void* forward = nullptr;  ///< StepwiseScratch of the run
  void* segment = nullptr;  ///< states and gates of one segment, as kept_segment has them
  // Where a run has kept states alone, and not of segments:
  void* gates = nullptr;           ///< (rows, kKept, H), as a reserve has them, or as a chunk of one
  Real* input_sums = nullptr;      ///< (rows, G H)
  Real* recurrent_sums = nullptr;  ///< (rows, G H)
  Real* c_pairs = nullptr;         ///< (rows, 2, H): VariantRows::c_pairs, for a cell with peepholes
  // For a cell with a projection:
  Element* unprojected = nullptr;        ///< (rows, H)
  Real* projected = nullptr;             ///< (rows, P), before its clip
  Element* d_projected = nullptr;        ///< (rows, P)
  Element* projected_operand = nullptr;  ///< (B, P)
};

/// Whether the gradients of x W + b and of h U + rb differ.
inline bool has_recurrent_gradient(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return kHasRecurrentGradient<Formula>; });
}

/// Whether the cell's candidate has a product of its own, with r h.
inline bool has_reset_product(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return kPhases<Formula> == 2; });
}

template <typename Element>
GradientWorkspace<Element> cut_gradient_workspace(const RecurrenceSpec& spec, WorkspaceCutter& cutter) {
  using Real = ComputeType<Element>;
  const std::int64_t H = spec.cell.units;
  const std::int64_t F = output_units(spec.cell);
  const std::int64_t rows = spec.T * spec.B;
  const std::int64_t columns = gate_count(spec.cell.kind) * H;
  const bool has_c = state_count(spec.cell.kind) == 2;
  GradientWorkspace<Element> work;
  work.product_workspace = cutter.take<std::byte>(Product::kWorkspaceBytes);
  if (spec.segment > 0) {  // behind a piece whose end has the alignment of products
    WorkspaceCutter forward(nullptr);
    cut_scratch<Element>(spec, forward);
    work.forward = cutter.take<std::byte>(static_cast<std::int64_t>(forward.used()));
    work.segment = cutter.take<std::byte>(static_cast<std::int64_t>(segment_bytes(spec)));
  }
  work.h = {cutter.take<Real>(spec.B * F), cutter.take<Real>(spec.B * F)};
  if (has_c) work.c = {cutter.take<Real>(spec.B * H), cutter.take<Real>(spec.B * H)};
  work.product = cutter.take<Real>(spec.B * F);
  work.inner_product = cutter.take<Real>(spec.B * H);
  work.was_live = cutter.take<bool>(rows);
  work.gradients.input = cutter.take<Element>(rows * columns);
  if (has_recurrent_gradient(spec.cell)) work.gradients.recurrent = cutter.take<Element>(rows * columns);
  work.gradients.operand = cutter.take<Element>(spec.B * columns);
  work.inputs = cutter.take<Element>(rows * spec.I);
  work.states = cutter.take<Element>(rows * F);
  work.weight_sums = cutter.take<Real>(std::max({spec.I * columns, F * columns, H * F}));
  work.parts = cutter.take<Real>(RowParts::kMost * std::max(columns, F));
  const bool swaps = swaps_reserve(spec);
  const ReserveLayout reserve = reserve_layout(spec, rows);
  if (swaps) {
    work.slots = cutter.take<std::byte>(static_cast<std::int64_t>(ReserveSwap::slot_bytes(spec)));
  }
  if ((swaps || spec.segment > 0) && has_reset_product(spec.cell)) work.reset_states = cutter.take<Element>(rows * F);
  if (spec.keep == Keep::states && spec.segment == 0) {
    work.gates = cutter.take<Element>((swaps ? reserve.rows : rows) * kept_count(spec.cell) * H);
    work.input_sums = cutter.take<Real>(rows * columns);
    work.recurrent_sums = cutter.take<Real>(rows * columns);
  }
  if (spec.cell.use_peepholes) work.c_pairs = cutter.take<Real>(rows * 2 * H);
  if (!spec.cell.projection_units) return work;
  work.unprojected = cutter.take<Element>(rows * H);
  work.projected = cutter.take<Real>(rows * F);
  work.d_projected = cutter.take<Element>(rows * F);
  work.projected_operand = cutter.take<Element>(spec.B * F);
  return work;
}

template <typename Element>
GradientWorkspace<Element> gradient_workspace(const RecurrenceSpec& spec, void* workspace) {
  WorkspaceCutter cutter(workspace);
  return cut_gradient_workspace<Element>(spec, cutter);
}

}  // namespace rondo
