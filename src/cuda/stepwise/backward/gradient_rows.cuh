/// What the kernels of gradients read and write for one row of one step.
#pragma once

#include "cuda/common/kept_rows.cuh"
#include "cuda/stepwise/backward/gradient_arguments.h"
#include "cuda/stepwise/row_results.cuh"
#include "recurrence/cells/unit.h"

namespace rondo {

/// What a row of the batch is at a step, seen from the end.
struct GradientRow : RowStep {
  bool exists = false;   ///< whether x has a row for the step: a packed one has none beyond the row's length
  std::int64_t row = 0;  ///< of the gradients of sums, in the order of x, if it exists
};

__device__ inline GradientRow gradient_row(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t s,
                                           std::int64_t b) {
  GradientRow row{row_step(schedule, s, b)};
  const std::int64_t t = schedule.read_time(s, b);
  row.exists = x.has(t, schedule.length(b));
  if (row.exists) row.row = reserve_row(schedule, x, t, b);
  return row;
}

/// outputs = the gradients of what a row emits at a step, where that is its h, so that they reach h.
template <int kWidth, typename Element>
__device__ inline void read_outputs(const ArrivingGradient<Element>& step, UnitPosition at, bool live,
                                    ComputeType<Element> (&outputs)[kWidth]) {
  const Schedule& schedule = step.schedule;
  const bool was_live = live || step.was_live == nullptr || step.was_live[step.s * schedule.B + at.b];
  if (schedule.emits_zeros(live, !was_live)) return;
  const std::int64_t time = schedule.write_time(step.s, at.b);
  if (step.d_y != nullptr && step.d_y_strides.has(time, schedule.length(at.b))) {
    device::read_pack(step.d_y + step.d_y_strides.offset(time, at.b) + at.u, outputs);
  }
  ComputeType<Element> last[kWidth] = {};
  read_units(step.d_last_output, state_position(schedule, at), last);
  for (int i = 0; i < kWidth; ++i) outputs[i] += last[i];
}

/// Moves the gradient of a state to the sums of the reset state, if a reset put the state in after this step.
template <int kWidth, typename Element, typename Real>
__device__ inline void take_reset(const CarriedGradient<Element>& carried, bool reset, std::int64_t unit,
                                  Real (&d_state)[kWidth]) {
  if (!reset) return;
  Real sums[kWidth];
  device::read_pack(carried.reset_sums + unit, sums);
  for (int i = 0; i < kWidth; ++i) {
    sums[i] += d_state[i];
    d_state[i] = 0;
  }
  device::write_pack(sums, carried.reset_sums + unit);
}

/// d_h += the product of the step after this one;  a reset takes it;  d_h += outputs
template <int kWidth, typename Element, typename Real>
__device__ inline void finish_arriving(const ArrivingGradient<Element>& step, std::int64_t unit, bool reset,
                                       const Real (&outputs)[kWidth], Real (&d_h)[kWidth]) {
  if (step.product != nullptr) {
    Real product[kWidth];
    device::read_pack(step.product + unit, product);
    for (int i = 0; i < kWidth; ++i) d_h[i] += product[i];
  }
  take_reset(step.h, reset, unit, d_h);
  for (int i = 0; i < kWidth; ++i) d_h[i] += outputs[i];
}

/// What a formula has kept of kWidth units: kept[i][k] is value k of unit i. The row must be live.
template <typename Element, typename Activations, int kKept, int kWidth, typename Real>
__device__ inline void read_gates(const KeptRows& kept, std::int64_t row, std::int64_t H, int u,
                                  Real (&gates)[kWidth][kKept]) {
  Real values[kKept][kWidth];
  for (int k = 0; k < kKept; ++k) {
    read_kept<Element, Activations>(kept, kept.gates, (row * kKept + k) * H + u, values[k]);
  }
  for (int k = 0; k < kKept; ++k) {
    for (int i = 0; i < kWidth; ++i) gates[i][k] = values[k][i];
  }
}

/// Writes the gradients of gates kFirst .. kLast - 1 of kWidth units to rows of kGates H: gradients[i][gate] of unit i.
template <int kFirst, int kLast, int kGates, int kWidth, typename Element, typename Real>
__device__ inline void write_gradients(const Real (&gradients)[kWidth][kGates], Element* row, std::int64_t H, int u) {
  for (int gate = kFirst; gate < kLast; ++gate) {
    Real values[kWidth];
    for (int i = 0; i < kWidth; ++i) values[i] = gradients[i][gate];
    device::write_pack(values, row + gate * H + u);
  }
}

}  // namespace rondo
