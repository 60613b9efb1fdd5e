/// The kernels of gradients that run at each step, from the last one to the first:
///
///     for s in T-1 .. 0:
///       gate gradient    dh += dG U' of step s + 1, and what arrives from outputs;  dG = formula(gates, dh, dc)
///       (library)        product = dG U'
///
/// A GRU that resets before the candidate's product, and an h that is projected, take a kernel and a product more:
///
///       candidate gradient    dh complete;  da_n = formula(gates, dh)        projected gradient    dp = dh within the
///       clip (library)             d(r h) = da_n U_n'                             (library)             d(h before it)
///       = dp P' gate gradient         the other gates                                gate gradient         all gates
///
/// Rows that are dead keep dh and dc, and have zeros in dG: so products run over all rows of the batch, and add zeros.
/// What a kernel reads before wait_for_previous_kernel() is older than the product in front of it, which is launched
/// serially: see stepwise_kernels.cuh. The kernel of the last step is launched serially itself.
#pragma once

#include "cuda/device/dependent_launch.cuh"
#include "cuda/stepwise/backward/gradient_rows.cuh"
#include "cuda/stepwise/stepwise_kernels.cuh"
#include "cuda/stepwise/variant_units.cuh"

namespace rondo {

/// The states before a step, and the gates, in kWidth units.
template <typename Formula, typename Real, int kWidth>
struct KeptStep {
  Real gates[kWidth][Formula::kKept] = {};
  Real h[kWidth] = {};
  Real c[kWidth] = {};
};

template <typename Formula, typename Element, typename Activations, bool kProjected, int kWidth>
__device__ inline void read_kept_step(const KeptRows& kept, std::int64_t row, std::int64_t H, int u,
                                      KeptStep<Formula, ComputeType<Element>, kWidth>& step) {
  read_gates<Element, Activations>(kept, row, H, u, step.gates);
  if constexpr (!kProjected) read_kept<Element, Activations>(kept, kept.h, row * H + u, step.h);
  if constexpr (Formula::kStates == 2) read_kept<Element, Activations>(kept, kept.c, row * H + u, step.c);
}

/// The gradients of kWidth units at one step.
template <typename Formula, typename Real, int kWidth>
struct UnitGradients {
  Real input[kWidth][Formula::kGates] = {};
  Real recurrent[kWidth][Formula::kGates] = {};
};

/// d_h and d_c, of the states after the step, become those of the states before it. `inner` is the product d(r h), if
/// the formula takes it.
template <typename Formula, int kWidth, typename Real, typename Activations, typename Variant>
__device__ inline void backward_units(const KeptStep<Formula, Real, kWidth>& kept, Activations activations,
                                      const Variant& variant, const Real (&inner)[kWidth], Real (&d_h)[kWidth],
                                      Real (&d_c)[kWidth], UnitGradients<Formula, Real, kWidth>& gradients) {
  for (int i = 0; i < kWidth; ++i) {
    const UnitStates<Real> previous{kept.h[i], kept.c[i]};
    const UnitStates<Real> d_next{d_h[i], d_c[i]};
    UnitGradient<Real, Formula::kGates> unit;
    if constexpr (kIsLstmVariant<Formula>) {
      unit = Formula::backward(kept.gates[i], previous, d_next, activations, variant.unit(i));
    } else if constexpr (kPhases<Formula> == 2) {
      unit = Formula::backward(kept.gates[i], previous, d_next, activations, inner[i]);
    } else {
      unit = Formula::backward(kept.gates[i], previous, d_next, activations);
    }
    for (int gate = 0; gate < Formula::kGates; ++gate) {
      gradients.input[i][gate] = unit.input[gate];
      gradients.recurrent[i][gate] = unit.recurrent[gate];
    }
    d_h[i] = unit.previous.h;
    d_c[i] = unit.previous.c;
  }
}

/// Writes the gradients of the gates from kFirst on, but for kLast and later ones.
template <typename Formula, int kFirst, int kLast, int kWidth, typename Element, typename Real>
__device__ inline void store_gradients(const StepGradientRows<Element>& rows, const GradientRow& row, UnitPosition at,
                                       std::int64_t H, const UnitGradients<Formula, Real, kWidth>& gradients) {
  const std::int64_t columns = Formula::kGates * H;
  if (row.exists) {
    write_gradients<kFirst, kLast>(gradients.input, rows.input + row.row * columns, H, at.u);
    if constexpr (kHasRecurrentGradient<Formula>) {
      write_gradients<kFirst, kLast>(gradients.recurrent, rows.recurrent + row.row * columns, H, at.u);
    }
  }
  if (rows.operand == nullptr) return;
  write_gradients<kFirst, kLast>(gradients.recurrent, rows.operand + at.b * columns, H, at.u);
}

template <typename Formula, typename Element, typename Activations, int kWidth, bool kProjected>
__global__ void __launch_bounds__(kUnitThreads)
    gate_gradient_kernel(const __grid_constant__ GateGradient<Formula, Element> step) {
  using Real = ComputeType<Element>;
  constexpr bool kArrives = !kProjected && kPhases<Formula> == 1;
  const ArrivingGradient<Element>& arriving = step.arriving;
  const Schedule& schedule = arriving.schedule;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= schedule.B || at.u >= step.H) return;
  const std::int64_t unit = at.b * step.H + at.u;
  const GradientRow row = gradient_row(schedule, step.kept.x, arriving.s, at.b);
  KeptStep<Formula, Real, kWidth> kept;
  const std::int64_t kept_row = step.kept.row(schedule.B, arriving.s, at.b, row.row);
  if (row.live) read_kept_step<Formula, Element, Activations, kProjected>(step.kept, kept_row, step.H, at.u, kept);
  Real d_h[kWidth] = {};
  Real d_c[kWidth] = {};
  Real inner[kWidth] = {};
  Real outputs[kWidth] = {};
  if constexpr (!kProjected) device::read_pack(arriving.h.d_state + unit, d_h);
  if constexpr (Formula::kStates == 2) device::read_pack(step.c.d_state + unit, d_c);
  if constexpr (kArrives) read_outputs(arriving, at, row.live, outputs);
  const auto variant = variant_units<kWidth>(step.variant, step.H, at.u);
  const auto activations = make_activations<Activations>(step);
  device::wait_for_previous_kernel();

  if constexpr (kArrives) finish_arriving(arriving, unit, row.next_begins_piece, outputs, d_h);
  if constexpr (kPhases<Formula> == 2) device::read_pack(step.inner_product + unit, inner);
  if constexpr (kProjected) device::read_pack(step.inner_product + unit, d_h);
  if constexpr (Formula::kStates == 2) take_reset(step.c, row.next_begins_piece, unit, d_c);
  UnitGradients<Formula, Real, kWidth> gradients;
  if (row.live) backward_units(kept, activations, variant, inner, d_h, d_c, gradients);
  store_gradients<Formula, 0, kPhaseGates<Formula, 0>>(step.rows, row, at, step.H, gradients);
  if constexpr (!kProjected) device::write_pack(d_h, arriving.h.d_state + unit);
  if constexpr (Formula::kStates == 2) device::write_pack(d_c, step.c.d_state + unit);
}

template <typename Formula, typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    candidate_gradient_kernel(const __grid_constant__ GateGradient<Formula, Element> step) {
  using Real = ComputeType<Element>;
  const ArrivingGradient<Element>& arriving = step.arriving;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= arriving.schedule.B || at.u >= step.H) return;
  const std::int64_t unit = at.b * step.H + at.u;
  const GradientRow row = gradient_row(arriving.schedule, step.kept.x, arriving.s, at.b);
  Real gates[kWidth][Formula::kKept] = {};
  const std::int64_t kept_row = step.kept.row(arriving.schedule.B, arriving.s, at.b, row.row);
  if (row.live) read_gates<Element, Activations>(step.kept, kept_row, step.H, at.u, gates);
  Real d_h[kWidth];
  Real outputs[kWidth] = {};
  device::read_pack(arriving.h.d_state + unit, d_h);
  read_outputs(arriving, at, row.live, outputs);
  const auto activations = make_activations<Activations>(step);
  device::wait_for_previous_kernel();

  finish_arriving(arriving, unit, row.next_begins_piece, outputs, d_h);
  device::write_pack(d_h, arriving.h.d_state + unit);
  UnitGradients<Formula, Real, kWidth> gradients;
  for (int i = 0; i < kWidth && row.live; ++i) {
    const Real d_n = Formula::backward_candidate(gates[i], d_h[i], activations);
    gradients.input[i][Formula::kProductsBeforeReset] = d_n;
    gradients.recurrent[i][Formula::kProductsBeforeReset] = d_n;
  }
  store_gradients<Formula, kPhaseGates<Formula, 0>, Formula::kGates>(step.rows, row, at, step.H, gradients);
}

/// A dead row keeps dh; of a live one nothing is left but what the products add.
template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    projected_gradient_kernel(const __grid_constant__ ProjectedGradient<Element> step) {
  using Real = ComputeType<Element>;
  const ArrivingGradient<Element>& arriving = step.arriving;
  const std::int64_t P = arriving.units;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= arriving.schedule.B || at.u >= P) return;
  const std::int64_t unit = at.b * P + at.u;
  const GradientRow row = gradient_row(arriving.schedule, step.x, arriving.s, at.b);
  Real d_h[kWidth];
  Real outputs[kWidth] = {};
  Real projected[kWidth] = {};
  device::read_pack(arriving.h.d_state + unit, d_h);
  read_outputs(arriving, at, row.live, outputs);
  if (row.live && step.projected != nullptr) device::read_pack(step.projected + row.row * P + at.u, projected);
  device::wait_for_previous_kernel();

  finish_arriving(arriving, unit, row.next_begins_piece, outputs, d_h);
  Real d_projected[kWidth] = {};
  for (int i = 0; i < kWidth && row.live; ++i) {
    const bool within = projected[i] >= -step.clip && projected[i] <= step.clip;
    d_projected[i] = within ? d_h[i] : Real(0);
    d_h[i] = 0;
  }
  device::write_pack(d_h, arriving.h.d_state + unit);
  if (row.exists) device::write_pack(d_projected, step.d_projected + row.row * P + at.u);
  if (step.operand != nullptr) device::write_pack(d_projected, step.operand + unit);
}

}  // namespace rondo
