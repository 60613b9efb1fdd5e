/// The kernels that make the operands of products over whole sequences, and that spread the results of one.
///
/// A row of their grids is a pair of an input step t and a row b of the batch, t B + b. A packed x has no row for some.
#pragma once

#include "cuda/stepwise/backward/column_sums.cuh"
#include "cuda/stepwise/backward/gradient_kernels.cuh"

namespace rondo {

/// The pair of a row of the grid.
struct SequenceRow {
  std::int64_t t = 0;
  std::int64_t b = 0;
  bool exists = false;
  bool live = false;
  std::int64_t row = 0;  ///< in the order of the reserve
};

/// Rows are counted in 31 bits, so that a division of 32 bits serves, which is shorter than one of 64.
__device__ inline SequenceRow sequence_row(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t index) {
  SequenceRow row;
  row.t = static_cast<std::uint32_t>(index) / static_cast<std::uint32_t>(schedule.B);
  row.b = index - row.t * schedule.B;
  row.exists = x.has(row.t, schedule.length(row.b));
  if (!row.exists) return row;
  row.live = schedule.live(schedule.read_time(row.t, row.b), row.b);  // read_time is its own inverse
  row.row = reserve_row(schedule, x, row.t, row.b);
  return row;
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) live_inputs_kernel(const __grid_constant__ LiveInputs<Element> copy) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= copy.schedule.T * copy.schedule.B || at.u >= copy.I) return;
  const SequenceRow row = sequence_row(copy.schedule, copy.x_strides, at.b);
  if (!row.exists) return;
  ComputeType<Element> values[kWidth] = {};
  if (row.live) device::read_pack(copy.x + copy.x_strides.offset(row.t, row.b) + at.u, values);
  device::write_pack(values, copy.target + row.row * copy.I + at.u);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) live_states_kernel(const __grid_constant__ LiveStates<Element> copy) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= copy.schedule.T * copy.schedule.B || at.u >= copy.units) return;
  const SequenceRow row = sequence_row(copy.schedule, copy.kept.x, at.b);
  if (!row.exists) return;
  const std::int64_t unit = row.row * copy.units + at.u;
  ComputeType<Element> values[kWidth] = {};
  if (row.live) read_kept<Element, Activations>(copy.kept, copy.kept.h, unit, values);
  if (row.live && copy.factor >= 0) {
    ComputeType<Element> factors[kWidth];
    const std::int64_t gate = (row.row * copy.kept_gates + copy.factor) * copy.units + at.u;
    read_kept<Element, Activations>(copy.kept, copy.kept.gates, gate, factors);
    for (int i = 0; i < kWidth; ++i) values[i] *= factors[i];
  }
  device::write_pack(values, copy.target + unit);
}

template <typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    unprojected_rows_kernel(const __grid_constant__ UnprojectedRows<Element> rows) {
  using Real = ComputeType<Element>;
  using Formula = LstmVariantFormula;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= rows.schedule.T * rows.schedule.B || at.u >= rows.H) return;
  const SequenceRow row = sequence_row(rows.schedule, rows.kept.x, at.b);
  if (!row.exists) return;
  Real h[kWidth] = {};
  if (row.live) {
    Real gates[kWidth][Formula::kKept];
    Real c[kWidth];
    read_gates<Element, Activations>(rows.kept, row.row, rows.H, at.u, gates);
    read_kept<Element, Activations>(rows.kept, rows.kept.c, row.row * rows.H + at.u, c);
    const auto variant = variant_units<kWidth>(rows.variant, rows.H, at.u);
    const auto activations = make_activations<Activations>(rows);
    for (int i = 0; i < kWidth; ++i) {
      h[i] = Formula::next(gates[i], UnitStates<Real>{.c = c[i]}, activations, variant.unit(i)).h;
    }
  }
  device::write_pack(h, rows.target + row.row * rows.H + at.u);
}

/// dw_i = sum of da_i c, dw_f = sum of da_f c, dw_o = sum of da_o c', over the rows of a part. A block's y is the part.
template <typename Element, typename Activations>
__global__ void __launch_bounds__(kUnitThreads)
    peephole_sums_kernel(const __grid_constant__ PeepholeSums<Element> sums) {
  using Real = ComputeType<Element>;
  using Formula = LstmVariantFormula;
  const std::int64_t u = std::int64_t{device::block_index().x} * kUnitThreads + device::thread_index().x;
  if (u >= sums.H) return;
  const std::int64_t part = device::block_index().y;
  const std::int64_t rows = sums.schedule.T * sums.schedule.B;
  const std::int64_t begin = part * sums.part_length;
  const std::int64_t end = begin + sums.part_length < rows ? begin + sums.part_length : rows;
  const auto variant = variant_units<1>(sums.variant, sums.H, static_cast<int>(u));
  const auto activations = make_activations<Activations>(sums);
  Real of_i = 0, of_f = 0, of_o = 0;
  for (std::int64_t index = begin; index < end; ++index) {
    const SequenceRow row = sequence_row(sums.schedule, sums.kept.x, index);
    if (!row.live) continue;
    Real gates[1][Formula::kKept];
    Real c[1];
    read_gates<Element, Activations>(sums.kept, row.row, sums.H, static_cast<int>(u), gates);
    read_kept<Element, Activations>(sums.kept, sums.kept.c, row.row * sums.H + u, c);
    const Real next = Formula::next(gates[0], UnitStates<Real>{.c = c[0]}, activations, variant.unit(0)).c;
    Real d_gates[Formula::kGates][1];
    for (int gate = 0; gate < Formula::kGates; ++gate) {
      device::read_pack(sums.d_gates + (row.row * Formula::kGates + gate) * sums.H + u, d_gates[gate]);
    }
    of_i += d_gates[0][0] * c[0];
    of_f += d_gates[1][0] * c[0];
    of_o += d_gates[3][0] * next;
  }
  Real* target = sums.parts + part * 3 * sums.H + u;
  target[0] = of_i;
  target[sums.H] = of_f;
  target[2 * sums.H] = of_o;
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) spread_rows_kernel(const __grid_constant__ SpreadRows<Element> spread) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= spread.T * spread.B || at.u >= spread.width) return;
  if (spread.accumulate && has_stalled(spread.flags)) return;
  const std::int64_t t = static_cast<std::uint32_t>(at.b) / static_cast<std::uint32_t>(spread.B);
  ComputeType<Element> values[kWidth];
  device::read_pack(spread.source + at.b * spread.width + at.u, values);
  Element* const target = spread.target + spread.strides.offset(t, at.b - t * spread.B) + at.u;
  if (spread.accumulate) {
    ComputeType<Element> before[kWidth];
    device::read_pack(target, before);
    for (int i = 0; i < kWidth; ++i) values[i] += before[i];
  }
  device::write_pack(values, target);
}

}  // namespace rondo
