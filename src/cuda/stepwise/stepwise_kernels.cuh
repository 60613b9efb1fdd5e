/// The kernels of the stepwise executor, which alternates matrix products by a library with one pass over the gates:
///
///     load states      h, c = initial states; without them the first step starts from zeros and has no product
///     for s in 0 .. T-1:
///       (library)      recurrent_sums = h U
///       reset step     r * h, for a GRU that resets before the candidate's product, which follows: (r * h) U
///       gate step      live rows: h, c = formula(x W + b, h U + rb, h, c)
///                      all rows: y[write time] = what they emit; at the last step also the results
///     store results    the results of a run with T = 0
///
/// The kernels that load states and store results are in state_kernels.cuh. Where h is projected, two kernels of
/// projected_kernels.cuh and a product replace the gate step.
///
/// Each kernel is bound by memory: a thread moves kWidth neighbouring units of one row with every access. No thread
/// reads what another thread of its kernel writes: without resets was_live[b] is written where row b is live at s or
/// the step starts from zeros, and is read elsewhere.
///
/// A gate step keeps the states that the next step shall find: those of a reset where the row begins a piece there. So
/// neither the product of h nor the next step knows of resets. Only the first step's are taken by the kernel that loads
/// states, which therefore runs wherever there are resets.
///
/// The data that the reset and gate steps read before wait_for_previous_kernel() (input sums, biases, mask, lengths,
/// resets, states) must be complete before the kernel in front of them begins. That kernel is the product of h, and it
/// is launched serially, so that they are. In a step from zeros that kernel is the product of the inputs, and the step
/// does not overlap.
#pragma once

#include <type_traits>

#include "cuda/common/standard_activations.cuh"
#include "cuda/device/dependent_launch.cuh"
#include "cuda/device/pack.cuh"
#include "cuda/device/prefetch.cuh"
#include "cuda/stepwise/kept_units.cuh"
#include "cuda/stepwise/row_results.cuh"
#include "cuda/stepwise/unit_grid.cuh"
#include "cuda/stepwise/variant_units.cuh"

namespace rondo {

/// Sums of kWidth units of a row: input[i][g] = x W + b and recurrent[i][g] = h U + rb of unit i and gate g.
template <typename Real, int kGates, int kWidth>
struct UnitSums {
  Real input[kWidth][kGates] = {};
  Real recurrent[kWidth][kGates] = {};
};

/// sums[i][gate] += element of unit i and gate at source + gate * stride, for the first kCount gates. All loads are in
/// flight before the first element is used.
template <int kCount, typename Real, int kGates, int kWidth, typename Element>
__device__ inline void add_gates(const Element* source, std::int64_t stride, Real (&sums)[kWidth][kGates]) {
  Real values[kCount][kWidth];
  for (int gate = 0; gate < kCount; ++gate) device::read_pack(source + gate * stride, values[gate]);
  for (int gate = 0; gate < kCount; ++gate) {
    for (int i = 0; i < kWidth; ++i) sums[i][gate] += values[gate][i];
  }
}

/// The part of the sums that no kernel of this step writes: x W + b, and rb. `step` is one of the structs that have the
/// biases, `inputs` the row's input sums.
template <typename Formula, int kWidth, typename Step, typename Real>
__device__ inline void add_inputs(const Step& step, const Real* inputs, int u,
                                  UnitSums<Real, Formula::kGates, kWidth>& sums) {
  add_gates<Formula::kGates>(inputs + u, step.H, sums.input);
  add_gates<Formula::kGates>(step.bias + u, step.H, sums.input);
  if constexpr (Formula::kBiases == 2) add_gates<Formula::kGates>(step.recurrent_bias + u, step.H, sums.recurrent);
}

/// The input sums of row b at processing step s.
template <typename Element>
__device__ inline const ComputeType<Element>* inputs_of(const StepSums<Element>& step, std::int64_t s, std::int64_t b) {
  return step.input_sums + step.input_strides.offset(step.schedule.read_time(s, b), b);
}

/// In a long sequence the input sums of the next step are still in the device's main memory, twice as far as the L2.
template <typename Formula, typename Real>
__device__ inline void prefetch_inputs(const Real* inputs, std::int64_t H, int u) {
  for (int gate = 0; gate < Formula::kGates; ++gate) device::prefetch_to_l2(inputs + gate * H + u);
}

/// Adds h U, the products of the step, for the first kProducts gates.
template <int kProducts, int kGates, int kWidth, typename Step, typename Real>
__device__ inline void add_products(const Step& step, UnitPosition at, UnitSums<Real, kGates, kWidth>& sums) {
  add_gates<kProducts>(step.recurrent_sums + at.b * kGates * step.H + at.u, step.H, sums.recurrent);
}

/// The activations of a step: those of the spec, or types that are known when the kernel is compiled.
template <typename Activations, typename Step>
__device__ inline Activations make_activations(const Step& step) {
  if constexpr (std::is_same_v<Activations, StandardActivations>) {
    return {};
  } else {
    return step.activations;
  }
}

/// Dead rows are computed as well: their products are not used, and the kernel need not ask the schedule.
template <typename Formula, typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) reset_step_kernel(const __grid_constant__ ResetStep<Element> step) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= step.sums.schedule.B || at.u >= step.sums.H) return;
  UnitSums<ComputeType<Element>, Formula::kGates, kWidth> sums;
  const std::int64_t unit = at.b * step.sums.H + at.u;
  ComputeType<Element> h[kWidth];
  device::read_pack(step.h + unit, h);
  add_inputs<Formula>(step.sums, inputs_of(step.sums, step.sums.s, at.b), at.u, sums);
  const auto activations = make_activations<Activations>(step.sums);
  device::wait_for_previous_kernel();
  add_products<Formula::kProductsBeforeReset>(step.sums, at, sums);
  for (int i = 0; i < kWidth; ++i) {
    h[i] = Formula::reset(sums.input[i], sums.recurrent[i], h[i], activations);
  }
  device::write_pack(h, step.reset_operand + unit);
}

/// h, c = formula(input sums, recurrent sums, h, c) in kWidth units. `kept.of_unit(i)` takes what unit i keeps.
template <typename Formula, int kWidth, typename Real, typename Activations, typename Variant,
          typename Kept = NoKeptUnits>
__device__ inline void advance(const UnitSums<Real, Formula::kGates, kWidth>& sums, Activations activations,
                               const Variant& variant, UnitResults<Real, kWidth>& unit, Kept&& kept = {}) {
  for (int i = 0; i < kWidth; ++i) {
    const UnitStates<Real> previous{unit.h[i], unit.c[i]};
    UnitStates<Real> next;
    if constexpr (kIsLstmVariant<Formula>) {
      next = Formula::step(sums.input[i], sums.recurrent[i], previous, activations, variant.unit(i), kept.of_unit(i));
    } else {
      next = Formula::step(sums.input[i], sums.recurrent[i], previous, activations, kept.of_unit(i));
    }
    unit.h[i] = next.h;
    unit.c[i] = next.c;
  }
}

template <typename Formula, typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    all_live_gate_step_kernel(const __grid_constant__ AllLiveGateStep<Formula, Element> step) {
  using Real = ComputeType<Element>;
  constexpr bool kHasC = Formula::kStates == 2;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= step.B || at.u >= step.H) return;
  const std::int64_t unit = at.b * step.H + at.u;
  UnitResults<Real, kWidth> now;
  if (!step.from_zeros) {
    device::read_pack(step.h + unit, now.h);
    if constexpr (kHasC) device::read_pack(step.c + unit, now.c);
  }
  UnitSums<Real, Formula::kGates, kWidth> sums;
  const Real* inputs = step.input_sums + at.b * step.input_stride;
  add_inputs<Formula>(step, inputs, at.u, sums);
  const auto variant = variant_units<kWidth>(step.variant, step.H, at.u);
  if (step.next_inputs != 0) prefetch_inputs<Formula>(inputs + step.next_inputs, step.H, at.u);
  const auto activations = make_activations<Activations>(step);
  device::wait_for_previous_kernel();

  if (!step.from_zeros) add_products<Formula::kGates>(step, at, sums);
  advance<Formula>(sums, activations, variant, now);
  device::write_pack(now.h, step.h + unit);
  if constexpr (kHasC) device::write_pack(now.c, step.c + unit);
  if constexpr (!std::is_same_v<Element, Real>) device::write_pack(now.h, step.operand + unit);
  if (step.y != nullptr) device::write_pack(now.h, step.y + at.b * step.y_stride + at.u);
  if (step.last) store_results(step.results, at, now);
}

/// Step is GateStep, or Keeping<GateStep>.
template <typename Formula, typename Element, typename Activations, int kWidth,
          typename Step = GateStep<Formula, Element>>
__global__ void __launch_bounds__(kUnitThreads) gate_step_kernel(const __grid_constant__ Step step) {
  using Real = ComputeType<Element>;
  constexpr bool kHasC = Formula::kStates == 2;
  const Schedule& schedule = step.sums.schedule;
  const std::int64_t s = step.sums.s;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= schedule.B || at.u >= step.sums.H) return;
  const std::int64_t unit = at.b * step.sums.H + at.u;
  UnitResults<Real, kWidth> now;
  if (!step.from_zeros) {
    device::read_pack(step.states.h + unit, now.h);
    if constexpr (kHasC) device::read_pack(step.states.c + unit, now.c);
  }
  // The sums of dead rows are added as well, although they are not used, so that inputs need not wait for the mask.
  UnitSums<Real, Formula::kGates, kWidth> sums;
  add_inputs<Formula>(step.sums, inputs_of(step.sums, s, at.b), at.u, sums);
  const auto variant = variant_units<kWidth>(step.variant, step.sums.H, at.u);
  const EmittedRow row = emitted_row(step, schedule, s, at.b);
  if (s + 1 < schedule.T) prefetch_inputs<Formula>(inputs_of(step.sums, s + 1, at.b), step.sums.H, at.u);
  const auto activations = make_activations<Activations>(step.sums);
  device::wait_for_previous_kernel();

  if (row.live) {
    if (!step.from_zeros) add_products<Formula::kGates>(step.sums, at, sums);
    if constexpr (kKeeps<Step>) {
      const KeptPlace place = kept_place(step.kept, schedule, s, at);
      keep_states<Element, Activations>(step.kept, place, step.sums.H, now.h, now.c);
      KeptUnits<Real, Formula::kKept, kWidth> kept;
      advance<Formula>(sums, activations, variant, now, kept);
      keep_gates<Element, Activations>(step.kept, place, step.sums.H, kept);
    } else {
      advance<Formula>(sums, activations, variant, now);
    }
  }
  keep_and_emit<kHasC>(step, schedule, s, unit, at, row, now);
}

}  // namespace rondo
