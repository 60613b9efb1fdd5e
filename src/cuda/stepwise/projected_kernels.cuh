/// The kernels of the stepwise executor that replace a gate step where h is projected:
///
///     unprojected step   live rows: c = formula(x W + b, h U, c); all rows: m = o act(c)
///     (library)          sums = m projection
///     projected step     live rows: h = clip(sums); all rows: what they emit
///
/// Each kernel follows a product that is launched serially, except in a step from zeros: so the rule of
/// stepwise_kernels.cuh holds here. Only the unprojected step reads and writes c, and only the projected step h and
/// was_live.
#pragma once

#include "cuda/stepwise/stepwise_kernels.cuh"

namespace rondo {

/// Step is UnprojectedStep, or Keeping<UnprojectedStep>. Four blocks a multiprocessor are asked for, because ptxas
/// would otherwise aim at more and spill a register for them.
template <typename Element, typename Activations, int kWidth, typename Step = UnprojectedStep<Element>>
__global__ void __launch_bounds__(kUnitThreads, 4) unprojected_step_kernel(const __grid_constant__ Step step) {
  using Real = ComputeType<Element>;
  using Formula = LstmVariantFormula;
  const Schedule& schedule = step.sums.schedule;
  const std::int64_t s = step.sums.s;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= schedule.B || at.u >= step.sums.H) return;
  const std::int64_t unit = at.b * step.sums.H + at.u;
  Real old_c[kWidth] = {};
  if (!step.from_zeros) device::read_pack(step.c + unit, old_c);
  UnitSums<Real, Formula::kGates, kWidth> sums;
  add_inputs<Formula>(step.sums, inputs_of(step.sums, s, at.b), at.u, sums);
  const auto variant = variant_units<kWidth>(step.variant, step.sums.H, at.u);
  const RowStep row = row_step(schedule, s, at.b);
  if (s + 1 < schedule.T) prefetch_inputs<Formula>(inputs_of(step.sums, s + 1, at.b), step.sums.H, at.u);
  const auto activations = make_activations<Activations>(step.sums);
  device::wait_for_previous_kernel();

  if (!step.from_zeros) add_products<Formula::kGates>(step.sums, at, sums);
  UnitResults<Real, kWidth> now;
  for (int i = 0; i < kWidth; ++i) now.c[i] = old_c[i];
  if constexpr (kKeeps<Step>) {
    KeptUnits<Real, Formula::kKept, kWidth> kept;
    advance<Formula>(sums, activations, variant, now, kept);
    if (row.live) {
      const KeptPlace place = kept_place(step.kept, schedule, s, at);
      write_kept<Element, Activations>(step.kept, old_c, step.kept.c, place.row * step.sums.H + at.u);
      keep_gates<Element, Activations>(step.kept, place, step.sums.H, kept);
    }
  } else {
    advance<Formula>(sums, activations, variant, now);
  }
  device::write_pack(now.h, step.operand + unit);
  for (int i = 0; i < kWidth; ++i) now.c[i] = row.live ? now.c[i] : old_c[i];
  if (row.next_begins_piece) {
    Real piece_c[kWidth] = {};
    read_units(step.piece_c, state_position(schedule, at), piece_c);
    device::write_pack(piece_c, step.c + unit);
  } else if (row.live || step.from_zeros) {
    device::write_pack(now.c, step.c + unit);
  }
  if (s + 1 == schedule.T) store_units(now.c, step.final_c, state_position(schedule, at));
}

/// Step is ProjectedStep, or Keeping<ProjectedStep>.
template <typename Element, int kWidth, typename Step = ProjectedStep<Element>>
__global__ void __launch_bounds__(kUnitThreads) projected_step_kernel(const __grid_constant__ Step step) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= step.schedule.B || at.u >= step.P) return;
  const std::int64_t unit = at.b * step.P + at.u;
  UnitResults<ComputeType<Element>, kWidth> now;
  if (!step.from_zeros) device::read_pack(step.states.h + unit, now.h);
  const EmittedRow row = emitted_row(step, step.schedule, step.s, at.b);
  device::wait_for_previous_kernel();

  if (row.live) {
    if constexpr (kKeeps<Step>) {
      const KeptPlace place = kept_place(step.kept, step.schedule, step.s, at);
      write_kept<Element, Activations>(step.kept, now.h, step.kept.h, place.row * step.P + at.u);
    }
    device::read_pack(step.sums + unit, now.h);
    for (ComputeType<Element>& value : now.h) value = formula::clip(value, -step.clip, step.clip);
  }
  keep_and_emit<false>(step, step.schedule, step.s, unit, at, row, now);
}

}  // namespace rondo
