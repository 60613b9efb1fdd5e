/// What the stepwise executor keeps in the workspace of a run.
#pragma once

#include "cuda/common/reserve_swap.h"
#include "cuda/products/product.h"
#include "cuda/stepwise/stepwise_arguments.h"
#include "recurrence/workspace.h"

namespace rondo {

template <typename Element>
struct StepwiseScratch {
  void* product_workspace = nullptr;               ///< first, because its alignment is the strictest
  ComputeType<Element>* input_sums = nullptr;      ///< T B G H: x W
  ComputeType<Element>* recurrent_sums = nullptr;  ///< (B, G H): h U
  StepStates<Element> states = {};
  Element* reset_operand = nullptr;  ///< (B, H): r * h
  // The next two are for a cell with a projection:
  Element* unprojected = nullptr;                  ///< (B, H): the operand of the projection's product
  ComputeType<Element>* projected_sums = nullptr;  ///< (B, P)
  void* slots = nullptr;                           ///< ReserveSwap::Memory::slots, where the reserve is swapped
};

template <typename Element>
StepwiseScratch<Element> cut_scratch(const RecurrenceSpec& spec, WorkspaceCutter& cutter) {
  const std::int64_t units = spec.B * spec.cell.units;
  const std::int64_t gates = gate_count(spec.cell.kind);
  StepwiseScratch<Element> scratch;
  scratch.product_workspace = cutter.take<std::byte>(Product::kWorkspaceBytes);
  scratch.input_sums = cutter.take<ComputeType<Element>>(spec.T * gates * units);
  scratch.recurrent_sums = cutter.take<ComputeType<Element>>(gates * units);
  const std::int64_t outputs = spec.B * output_units(spec.cell);
  scratch.states.h = cutter.take<ComputeType<Element>>(outputs);
  scratch.states.c = cutter.take<ComputeType<Element>>(units);
  if constexpr (!std::is_same_v<Element, ComputeType<Element>>) scratch.states.operand = cutter.take<Element>(outputs);
  scratch.states.was_live = cutter.take<bool>(spec.has_resets ? 2 * spec.B : spec.B);
  scratch.reset_operand = cutter.take<Element>(units);
  if (swaps_reserve(spec)) {
    scratch.slots = cutter.take<std::byte>(static_cast<std::int64_t>(ReserveSwap::slot_bytes(spec)));
  }
  if (!spec.cell.projection_units) return scratch;
  scratch.unprojected = cutter.take<Element>(units);
  scratch.projected_sums = cutter.take<ComputeType<Element>>(outputs);
  return scratch;
}

template <typename Element>
StepwiseScratch<Element> stepwise_scratch(const RecurrenceSpec& spec, void* workspace) {
  WorkspaceCutter cutter(workspace);
  return cut_scratch<Element>(spec, cutter);
}

}  // namespace rondo
