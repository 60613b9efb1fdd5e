/// The kernels of the stepwise executor, which alternates matrix products by a library with one pass over the gates:
///
///     load states      h, c = initial states, or zeros
///     for s in 0 .. T-1:
///       (library)      recurrent_sums = h U
///       reset step     r * h, and (library) recurrent_sums = (r * h) U for the candidate: only a GRU that resets
///       before gate step      live rows: h, c = formula(x W + b, h U + rb, h, c);  all rows: y[write time] = what they
///       emit
///     store results    last output, final states
///
/// Each is bound by memory: a thread moves kWidth neighbouring units of one row with every access. No thread reads what
/// another one of its kernel writes: was_live[b] is written where row b is live at s and read where it is dead.
///
/// What the reset and gate steps read before wait_for_previous_kernel() (input sums, biases, mask, lengths) must be
/// complete before the kernel in front of them begins; the product there, launched serially, sees to that.
#pragma once

#include <type_traits>

#include "cuda/device/atomic.cuh"
#include "cuda/device/dependent_launch.cuh"
#include "cuda/device/pack.cuh"
#include "cuda/executors/stepwise_arguments.h"
#include "cuda/executors/unit_grid.cuh"

namespace rondo {

/// Sums of kWidth units of a row: input[i][g] = x W + b and recurrent[i][g] = h U + rb of unit i and gate g.
template <typename Real, int kGates, int kWidth>
struct UnitSums {
  Real input[kWidth][kGates] = {};
  Real recurrent[kWidth][kGates] = {};
};

/// sums[i][gate] += the element of unit i at `source`, which may be null: nothing to add.
template <typename Real, int kGates, int kWidth, typename Element>
__device__ inline void add_units(const Element* source, std::int64_t offset, int gate, Real (&sums)[kWidth][kGates]) {
  if (source == nullptr) return;
  Real values[kWidth];
  device::read_pack<kWidth>(source + offset, values);
  for (int i = 0; i < kWidth; ++i) sums[i][gate] += values[i];
}

/// The part of the sums that no kernel of this step writes: x W + b, and rb.
template <int kGates, int kWidth, typename Element>
__device__ inline void add_inputs(const StepSums<Element>& step, UnitPosition at,
                                  UnitSums<Sum<Element>, kGates, kWidth>& sums) {
  const std::int64_t row = step.input_strides.offset(step.schedule.read_time(step.s, at.b), at.b);
  for (int gate = 0; gate < kGates; ++gate) {
    const std::int64_t column = gate * step.H + at.u;
    add_units(step.input_sums, row + column, gate, sums.input);
    add_units(step.bias, column, gate, sums.input);
    add_units(step.recurrent_bias, column, gate, sums.recurrent);
  }
}

/// The products of the step itself, h U, for the first kProducts gates.
template <int kProducts, int kGates, int kWidth, typename Element>
__device__ inline void add_products(const StepSums<Element>& step, UnitPosition at,
                                    UnitSums<Sum<Element>, kGates, kWidth>& sums) {
  const std::int64_t row = at.b * kGates * step.H + at.u;
  for (int gate = 0; gate < kProducts; ++gate) {
    add_units(step.recurrent_sums, row + gate * step.H, gate, sums.recurrent);
  }
}

/// Whether a row emits zeros instead of its h. The output of every cell is its h, and h does not change while a row is
/// dead: so "the previous output" is h, or zeros if the row has never been live.
__device__ inline bool emits_zeros(DeadOutput rule, bool live, const bool* was_live) {
  if (live || rule == DeadOutput::incoming_state) return false;
  return rule == DeadOutput::zeros || !*was_live;
}

/// Units at rows.data + b * stride + u = values, if the rows are wanted.
template <int kWidth, typename Element>
__device__ inline void store_units(const Sum<Element> (&values)[kWidth], BatchRows<Element> rows, UnitPosition at) {
  if (rows.data != nullptr) device::write_pack(values, rows.data + at.b * rows.stride + at.u);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) load_states_kernel(const __grid_constant__ LoadStates<Element> load) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= load.schedule.B || at.u >= load.H) return;
  const std::int64_t unit = at.b * load.H + at.u;
  Sum<Element> h[kWidth] = {};
  Sum<Element> c[kWidth] = {};
  if (load.initial_h.data != nullptr) {
    device::read_pack(load.initial_h.data + at.b * load.initial_h.stride + at.u, h);
  }
  if (load.initial_c.data != nullptr) {
    device::read_pack(load.initial_c.data + at.b * load.initial_c.stride + at.u, c);
  }
  device::write_pack(h, load.states.h + unit);
  if (load.states.c != nullptr) device::write_pack(c, load.states.c + unit);
  if constexpr (!std::is_same_v<Element, Sum<Element>>) device::write_pack(h, load.states.operand + unit);
  if (at.u != 0) return;
  load.states.was_live[at.b] = false;
  if (!load.schedule.length_fits(at.b)) device::set_bits(load.flags, kLengthOutOfRange);
}

/// Dead rows take part: what their product becomes is not used, and the schedule need not be asked.
template <typename Formula, typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) reset_step_kernel(const __grid_constant__ ResetStep<Element> step) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= step.sums.schedule.B || at.u >= step.sums.H) return;
  UnitSums<Sum<Element>, Formula::kGates, kWidth> sums;
  add_inputs(step.sums, at, sums);
  device::wait_for_previous_kernel();
  add_products<Formula::kProductsBeforeReset>(step.sums, at, sums);
  const std::int64_t unit = at.b * step.sums.H + at.u;
  Sum<Element> h[kWidth];
  device::read_pack(step.h + unit, h);
  for (int i = 0; i < kWidth; ++i) {
    h[i] = Formula::reset(sums.input[i], sums.recurrent[i], h[i], step.sums.activations);
  }
  device::write_pack(h, step.reset_operand + unit);
}

template <typename Formula, typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) gate_step_kernel(const __grid_constant__ GateStep<Element> step) {
  const Schedule& schedule = step.sums.schedule;
  const std::int64_t s = step.sums.s;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= schedule.B || at.u >= step.sums.H) return;
  const bool live = schedule.live(s, at.b);
  UnitSums<Sum<Element>, Formula::kGates, kWidth> sums;
  if (live) add_inputs(step.sums, at, sums);
  device::wait_for_previous_kernel();

  const std::int64_t unit = at.b * step.sums.H + at.u;
  Sum<Element> h[kWidth];
  device::read_pack(step.states.h + unit, h);
  if (live) {
    add_products<Formula::kGates>(step.sums, at, sums);
    Sum<Element> c[kWidth] = {};
    if constexpr (Formula::kStates == 2) device::read_pack(step.states.c + unit, c);
    for (int i = 0; i < kWidth; ++i) {
      const UnitStates<Sum<Element>> next =
          Formula::step(sums.input[i], sums.recurrent[i], UnitStates<Sum<Element>>{h[i], c[i]}, step.sums.activations);
      h[i] = next.h;
      c[i] = next.c;
    }
    device::write_pack(h, step.states.h + unit);
    if constexpr (Formula::kStates == 2) device::write_pack(c, step.states.c + unit);
    if constexpr (!std::is_same_v<Element, Sum<Element>>) device::write_pack(h, step.states.operand + unit);
    if (at.u == 0) step.states.was_live[at.b] = true;
  }
  if (step.y == nullptr) return;
  const bool zeros = emits_zeros(schedule.dead_output, live, step.states.was_live + at.b);
  const std::int64_t row = step.y_strides.offset(schedule.write_time(s, at.b), at.b);
  for (Sum<Element>& value : h) value = zeros ? Sum<Element>(0) : value;
  device::write_pack(h, step.y + row + at.u);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    store_results_kernel(const __grid_constant__ StoreResults<Element> store) {
  const Schedule& schedule = store.schedule;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= schedule.B || at.u >= store.H) return;
  device::wait_for_previous_kernel();
  const std::int64_t unit = at.b * store.H + at.u;
  Sum<Element> h[kWidth];
  device::read_pack(store.states.h + unit, h);
  store_units(h, store.final_h, at);
  if (store.final_c.data != nullptr) {
    Sum<Element> c[kWidth];
    device::read_pack(store.states.c + unit, c);
    store_units(c, store.final_c, at);
  }
  const std::int64_t T = schedule.T;
  const bool zeros =
      T == 0 || emits_zeros(schedule.dead_output, schedule.live(T - 1, at.b), store.states.was_live + at.b);
  for (Sum<Element>& value : h) value = zeros ? Sum<Element>(0) : value;
  store_units(h, store.last_output, at);
}

}  // namespace rondo
