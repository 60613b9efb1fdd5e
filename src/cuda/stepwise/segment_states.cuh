/// The states in front of a segment: a run with segments copies them to its reserve, and its gradients copy them back
/// before they run the segment again.
#pragma once

#include "cuda/common/kept_rows.cuh"
#include "cuda/stepwise/stepwise_launchers.cuh"

namespace rondo {

/// What a kernel copies between states and reserve.
template <typename Element>
struct SegmentStates {
  Schedule schedule = {};
  std::int64_t s = 0;          ///< the first step of the segment
  std::int64_t first_row = 0;  ///< the row of the reserve that the batch's first row has
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;
  bool from_zeros = false;          ///< whether the states are zeros, which no kernel has written
  PieceStates<Element> piece = {};  ///< of rows that begin a piece before the step
  StepStates<Element> states = {};
  KeptRows kept = {};
};

/// Whether a reserve has f16 is read when the kernel runs: once in a segment that costs nothing.
template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    keep_segment_kernel(const __grid_constant__ SegmentStates<Element> segment) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= segment.schedule.B) return;
  const auto write = [&](const ComputeType<Element>* states, std::int64_t units, void* part) {
    ComputeType<Element> values[kWidth] = {};
    if (!segment.from_zeros) device::read_pack(states + at.b * units + at.u, values);
    write_kept<Element, Activations>(segment.kept, values, part, (segment.first_row + at.b) * units + at.u);
  };
  if (at.u < segment.h_units) write(segment.states.h, segment.h_units, segment.kept.h);
  if (segment.kept.c != nullptr && at.u < segment.c_units) write(segment.states.c, segment.c_units, segment.kept.c);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    load_segment_kernel(const __grid_constant__ SegmentStates<Element> segment) {
  using Real = ComputeType<Element>;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= segment.schedule.B) return;
  const bool begins_piece = segment.schedule.resets_before(segment.s, at.b);
  const UnitPosition place = state_position(segment.schedule, at);
  const auto load = [&](const void* part, std::int64_t units, BatchRows<const Element> piece, Real* states) {
    const std::int64_t unit = at.b * units + at.u;
    Real values[kWidth] = {};
    if (begins_piece) {
      read_units(piece, place, values);
    } else {
      read_kept<Element, Activations>(segment.kept, part, segment.first_row * units + unit, values);
    }
    device::write_pack(values, states + unit);
    if constexpr (!std::is_same_v<Element, Real>) {
      if (states == segment.states.h) device::write_pack(values, segment.states.operand + unit);
    }
  };
  if (at.u < segment.h_units) load(segment.kept.h, segment.h_units, segment.piece.h, segment.states.h);
  if (segment.kept.c != nullptr && at.u < segment.c_units) {
    load(segment.kept.c, segment.c_units, segment.piece.c, segment.states.c);
  }
  if (at.u != 0) return;
  // Nothing is emitted when the segment is run again, so that the notes may say anything.
  segment.states.was_live[at.b] = false;
  if (segment.schedule.resets != nullptr) segment.states.was_live[segment.schedule.B + at.b] = false;
}

/// Starts a kernel for all states, serially.
template <typename Element, typename Kernel>
void launch_segment_states(const Kernel& wide, const Kernel& narrow, const SegmentStates<Element>& segment,
                           const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t B = segment.schedule.B;
  if (B == 0) return;
  const std::int64_t units = std::max(segment.h_units, segment.c_units);
  const bool packs = how.packs_pay(B, units) && piece_fits_packs(segment.piece) &&
                     states_fit_packs(segment.states, segment.h_units, segment.c_units) &&
                     kept_fits_packs<kWide, Element>(segment.kept, segment.h_units, segment.c_units);
  const auto order = device::LaunchOrder::serial;
  if (packs) return device::launch(wide, unit_grid<kWide>(B, units, how.stream, order), segment);
  device::launch(narrow, unit_grid<1>(B, units, how.stream, order), segment);
}

/// The reserve's rows = the states.
template <typename Element>
void launch_keep_segment(const SegmentStates<Element>& segment, const StepLaunch& how) {
  launch_segment_states(keep_segment_kernel<Element, kPackWidth<Element>>, keep_segment_kernel<Element, 1>, segment,
                        how);
}

/// The states = the reserve's rows, or what a reset replaces them by.
template <typename Element>
void launch_load_segment(const SegmentStates<Element>& segment, const StepLaunch& how) {
  launch_segment_states(load_segment_kernel<Element, kPackWidth<Element>>, load_segment_kernel<Element, 1>, segment,
                        how);
}

}  // namespace rondo
