/// What a step of the stepwise executor writes to the reserve.
#pragma once

#include "cuda/common/kept_rows.cuh"
#include "cuda/stepwise/stepwise_arguments.h"
#include "cuda/stepwise/unit_grid.cuh"
#include "recurrence/cells/unit.h"

namespace rondo {

/// Whether a kernel's arguments have a reserve.
template <typename Step>
inline constexpr bool kKeeps = requires(const Step& step) {
  step.kept;
};

/// What a formula keeps of kWidth units: value k of unit i is values[k][i].
template <typename Real, int kKept, int kWidth>
struct KeptUnits {
  Real values[kKept][kWidth] = {};

  /// What the formula of unit i writes to.
  __device__ KeepIn<Real> of_unit(int i) { return {&values[0][i], kWidth}; }
};

/// Keeps nothing.
struct NoKeptUnits {
  __device__ KeepNothing of_unit(int) const { return {}; }
};

/// The row of the reserve that a row of the batch has at a step, and its first unit there.
struct KeptPlace {
  std::int64_t row;
  int u;
};

/// The place at processing step s, at which the row must be live.
__device__ inline KeptPlace kept_place(const KeptRows& kept, const Schedule& schedule, std::int64_t s,
                                       UnitPosition at) {
  return {kept.row(schedule.B, s, at.b, reserve_row(schedule, kept.x, schedule.read_time(s, at.b), at.b)), at.u};
}

/// Keeps the states before a step: h, and c where the cell has it. Both have `units` units.
template <typename Element, typename Activations, int kWidth, typename Real>
__device__ inline void keep_states(const KeptRows& kept, KeptPlace place, std::int64_t units, const Real (&h)[kWidth],
                                   const Real (&c)[kWidth]) {
  const std::int64_t unit = place.row * units + place.u;
  write_kept<Element, Activations>(kept, h, kept.h, unit);
  if (kept.c != nullptr) write_kept<Element, Activations>(kept, c, kept.c, unit);
}

/// Keeps the gates, where they are wanted.
template <typename Element, typename Activations, int kKept, int kWidth, typename Real>
__device__ inline void keep_gates(const KeptRows& kept, KeptPlace place, std::int64_t units,
                                  const KeptUnits<Real, kKept, kWidth>& values) {
  if (kept.gates == nullptr) return;
  for (int k = 0; k < kKept; ++k) {
    write_kept<Element, Activations>(kept, values.values[k], kept.gates, (place.row * kKept + k) * units + place.u);
  }
}

}  // namespace rondo
