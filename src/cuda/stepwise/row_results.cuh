/// What rows keep and emit at the end of a step of the stepwise executor: see stepwise_kernels.cuh.
#pragma once

#include <type_traits>

#include "cuda/common/dead_rows.cuh"
#include "cuda/device/pack.cuh"
#include "cuda/stepwise/stepwise_arguments.h"
#include "cuda/stepwise/unit_grid.cuh"

namespace rondo {

/// The position in the caller's states.
__device__ inline UnitPosition state_position(const Schedule& schedule, UnitPosition at) {
  return {schedule.state_row(at.b), at.u};
}

/// values = the units at rows.data + b * stride + u, where the caller has such rows.
template <int kWidth, typename Element>
__device__ inline void read_units(BatchRows<const Element> rows, UnitPosition at,
                                  ComputeType<Element> (&values)[kWidth]) {
  if (rows.data != nullptr) device::read_pack(rows.data + at.b * rows.stride + at.u, values);
}

/// Writes `values` to the units at rows.data + b * stride + u, if the caller wants the rows.
template <int kWidth, typename Element>
__device__ inline void store_units(const ComputeType<Element> (&values)[kWidth], BatchRows<Element> rows,
                                   UnitPosition at) {
  if (rows.data != nullptr) device::write_pack(values, rows.data + at.b * rows.stride + at.u);
}

/// The values that a row keeps and emits at the end of a step, in kWidth units.
template <typename Real, int kWidth>
struct UnitResults {
  Real h[kWidth] = {};
  Real c[kWidth] = {};
  bool zeros = false;  ///< whether the row emits zeros instead of h
};

template <int kWidth, typename Element>
__device__ inline void store_results(const ResultRows<Element>& rows, UnitPosition at,
                                     UnitResults<ComputeType<Element>, kWidth>& unit) {
  store_units(unit.h, rows.final_h, at);
  store_units(unit.c, rows.final_c, at);
  for (ComputeType<Element>& value : unit.h) value = unit.zeros ? ComputeType<Element>(0) : value;
  store_units(unit.h, rows.last_output, at);
}

/// What a row is at a step.
struct RowStep {
  bool live = false;
  bool next_begins_piece = false;  ///< whether the row's states are replaced before the next step
};

__device__ inline RowStep row_step(const Schedule& schedule, std::int64_t s, std::int64_t b) {
  return {.live = schedule.live(s, b), .next_begins_piece = schedule.resets_before(s + 1, b)};
}

/// Keeps h, and c if kHasC, for the next step. `unit` is the index of the first unit in (B, units of h).
template <bool kHasC, typename Step, typename Real, int kWidth>
__device__ inline void keep(const Step& step, std::int64_t unit, const UnitResults<Real, kWidth>& states) {
  device::write_pack(states.h, step.states.h + unit);
  if constexpr (kHasC) device::write_pack(states.c, step.states.c + unit);
  if constexpr (!std::is_same_v<decltype(step.states.operand), Real*>) {
    device::write_pack(states.h, step.states.operand + unit);
  }
}

/// What a row that emits is at a step. All of it is read before the kernel waits for the product of h, whose end is the
/// beginning of the step's longest chain.
struct EmittedRow : RowStep {
  bool was_live = false;  ///< in its piece, at this step or before
  bool zeros = false;     ///< whether the row emits zeros instead of h
  bool in_y = false;
  std::int64_t y_offset = 0;  ///< of the row's place in y, where it has one
};

/// `step` is a GateStep or a ProjectedStep. Without resets a row's notes may be replaced at this step where it is live,
/// so that they are read only where it is not.
template <typename Step>
__device__ inline EmittedRow emitted_row(const Step& step, const Schedule& schedule, std::int64_t s, std::int64_t b) {
  EmittedRow row{row_step(schedule, s, b)};
  const std::int64_t plane = schedule.resets == nullptr ? 0 : s % 2 * schedule.B;
  row.was_live = row.live || (!step.from_zeros && step.states.was_live[plane + b]);
  row.zeros = schedule.emits_zeros(row.live, !row.was_live);
  const std::int64_t time = schedule.write_time(s, b);
  row.in_y = step.y != nullptr && step.y_strides.has(time, schedule.length(b));
  if (row.in_y) row.y_offset = step.y_strides.offset(time, b);
  return row;
}

/// Notes for the next step whether row b has been live in its piece. One thread of the row calls it.
template <typename Step>
__device__ inline void note_live(const Step& step, const Schedule& schedule, std::int64_t s, std::int64_t b,
                                 const EmittedRow& row) {
  if (schedule.resets != nullptr) {
    const std::int64_t next_plane = (s + 1) % 2 * schedule.B;
    step.states.was_live[next_plane + b] = row.was_live && !row.next_begins_piece;
  } else if (row.live || step.from_zeros) {
    step.states.was_live[b] = row.live;
  }
}

/// Keeps and emits the h of a row at the end of step s, where rows may be dead or begin a piece. `step` is a GateStep
/// or a ProjectedStep. `unit` is the index of its first unit in (B, units of h). Keeps c as well, at that index, if
/// kHasC.
template <bool kHasC, typename Step, typename Real, int kWidth>
__device__ inline void keep_and_emit(const Step& step, const Schedule& schedule, std::int64_t s, std::int64_t unit,
                                     UnitPosition at, const EmittedRow& row, UnitResults<Real, kWidth>& now) {
  if (row.next_begins_piece) {
    UnitResults<Real, kWidth> piece;
    const UnitPosition state = state_position(schedule, at);
    read_units(step.piece.h, state, piece.h);
    if constexpr (kHasC) read_units(step.piece.c, state, piece.c);
    keep<kHasC>(step, unit, piece);
  } else if (row.live || step.from_zeros) {
    keep<kHasC>(step, unit, now);
  }
  now.zeros = row.zeros;
  if (row.in_y) {
    Real output[kWidth];
    for (int i = 0; i < kWidth; ++i) output[i] = now.zeros ? Real(0) : now.h[i];
    device::write_pack(output, step.y + row.y_offset + at.u);
  }
  if (at.u == 0) note_live(step, schedule, s, at.b, row);
  if (step.from_zeros && at.u == 0) check_length(schedule, at.b, step.flags);
  if (s + 1 == schedule.T) store_results(step.results, state_position(schedule, at), now);
}

}  // namespace rondo
